/** The words of routing: where a request is computed, and why. Types only; who decides is policy.ts and router.ts. */

export type RoutingPolicy =
  /** The default: nothing leaves the device. */
  | 'local'
  /** To the server what the device cannot do: a model or a prompt that does not fit, a device that is too slow or has failed. */
  | 'localFirst'
  /** To the server; what it fails with or cannot be reached for is done on the device. */
  | 'remoteFirst';

/** Why a request is computed where it is. */
export type RouteReason =
  /** The policy goes there first. */
  | 'policy'
  // Why not on the device:
  | 'modelNotLoaded'
  | 'noWebGpu'
  | 'modelTooLarge'
  | 'modelUnsupported'
  | 'deviceTooSlow'
  | 'deviceFailed'
  | 'promptTooLong'
  // Why not by the server:
  | 'serverUnreachable'
  | 'serverFailed'
  /** `onRoute` forbade the server. */
  | 'vetoed';

/** The mark of an answer, of each piece of one and of its usage. */
export interface RanOn {
  ranOn: 'device' | 'remote';
  /** The server's host and port; only where `ranOn` is `remote`. */
  host?: string;
  reason: RouteReason;
  /** For people; empty where `reason` says all. */
  detail: string;
}

/** What `onRoute` is told. */
export type Route =
  | { readonly ranOn: 'device'; readonly reason: RouteReason; readonly detail: string }
  | {
      readonly ranOn: 'remote';
      readonly reason: RouteReason;
      readonly detail: string;
      readonly host: string;
      readonly url: string;
      /** Of the body. */
      readonly sentBytes: number;
      /** The request as it is sent, `messages` or `prompt` in it; undefined for a question that has none (which models there are). */
      readonly body: Readonly<Record<string, unknown>> | undefined;
    };
