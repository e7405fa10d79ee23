import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { GleSYSAPI } from 'glesys-api';
import vaultClient from 'node-vault';

/**
 * What a person would write: for each application read its secret, make a credential, wait until it works, write the
 * secret, delete the credential before. Nothing is checked, nothing survives a crash, the old key has no grace.
 * `USUAL_TASK`: the servers, the instance, the paths, and whether all are done at once.
 */
const { at, instance, paths, isParallel } = JSON.parse(process.env.USUAL_TASK);
const vault = vaultClient({ endpoint: at.vault, noCustomHTTPVerbs: true });
const glesys = new GleSYSAPI({ apiUser: at.project, apiKey: at.apiKey });
// the package knows only the real address; a whole URL takes precedence over it
const send = glesys.request.request.bind(glesys.request);
glesys.request.request = (path, options) => send(`${at.glesys}${path}`, options);

const { auth } = await vault.approleLogin({ role_id: at.roleId, secret_id: at.secretId });
vault.token = auth.client_token;
say('usual.started');
if (isParallel) await Promise.all(paths.map(rotate));
else for (const path of paths) await rotate(path);
say('usual.done');
// until it is stopped: what it used is read from /proc
setInterval(() => {}, 60_000);

async function rotate(path) {
  const { data } = await vault.read(`secret/data/${path}`);
  const { body } = await glesys.objectStorage.createCredential({ instanceid: instance, description: path });
  const { id, accesskey, secretkey } = body.response.credential;
  await untilItWorks(accesskey, secretkey);
  const secret = { ...data.data, access_key_id: accesskey, secret_access_key: secretkey, credential_id: id };
  await vault.write(`secret/data/${path}`, { data: secret });
  await glesys.objectStorage.deleteCredential({ instanceid: instance, credentialid: previousOf(data.data) });
}

async function untilItWorks(accessKeyId, secretAccessKey) {
  const credentials = { accessKeyId, secretAccessKey };
  const s3 = new S3Client({ endpoint: at.s3, region: 'dc-sto1', credentials, forcePathStyle: true });
  for (;;) {
    try {
      return await s3.send(new ListBucketsCommand({}));
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 1_000));
    }
  }
}

/** Where the bench keeps the id of the credential that is in use. */
function previousOf(secret) {
  return secret.credential_id ?? JSON.parse(secret.rekeyd).credential.id;
}

function say(event) {
  process.stdout.write(`${JSON.stringify({ event, time: new Date().toISOString() })}\n`);
}
