/** The part that the tests use of a package that has no types of its own. */
declare module 'glesys-api' {
  interface Envelope {
    readonly body: {
      readonly response: { readonly status: { readonly code: number }; readonly [name: string]: unknown };
    };
  }
  type Call = (data?: Readonly<Record<string, string>>) => Promise<Envelope>;

  export class GleSYSAPI {
    constructor(options: { readonly apiUser: string; readonly apiKey: string });
    /** Sends all requests; `url` may be absolute. */
    readonly request: { request(url: string, options: object): Promise<Envelope> };
    readonly objectStorage: {
      readonly createCredential: Call;
      readonly deleteCredential: Call;
      readonly instanceDetails: Call;
      readonly listInstances: Call;
    };
  }
}
