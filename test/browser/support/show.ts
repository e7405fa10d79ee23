import type { HttpOptions } from '../../../src/http/server.ts';
import { Secret } from '../../../src/policy/secret.ts';
import { started } from '../../http/serving.ts';
import { everyState, type Gallery } from './gallery.ts';

/** A server in this process that shows a gallery; the clock runs. Returns its address. */
export async function show(
  over: Partial<HttpOptions> = {},
  gallery: Gallery = everyState(Date.now()),
): Promise<string> {
  const token = async () => new Secret('open-sesame');
  const { url } = await started({ ...gallery, now: () => Date.now(), token, ...over });
  return url;
}
