declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

/** A session's id: a lower-case GUID, the same for its whole life on any machine. */
export type SessionId = Branded<'SessionId'>;
/** A pipeline's id: a lower-case GUID. */
export type PipelineId = Branded<'PipelineId'>;
/** A keeper process's id: a lower-case GUID. */
export type KeeperId = Branded<'KeeperId'>;
/** What a client calls itself, so that its calls can be told from another client's. */
export type ClientId = Branded<'ClientId'>;
/** Who a caller is to the daemon, such as `local:1000`. */
export type Principal = Branded<'Principal'>;

const guid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Whether the text has the one form in which ids are written. */
export function isGuid(text: string): boolean {
  return guid.test(text);
}

/** Takes a text for a session id; whoever calls it has checked, or made, the text. */
export const asSessionId = (text: string): SessionId => text as SessionId;
/** Takes a text for a pipeline id; whoever calls it has checked, or made, the text. */
export const asPipelineId = (text: string): PipelineId => text as PipelineId;
/** Takes a text for a keeper id; whoever calls it has checked, or made, the text. */
export const asKeeperId = (text: string): KeeperId => text as KeeperId;
/** Takes a text for a client id; whoever calls it has checked, or made, the text. */
export const asClientId = (text: string): ClientId => text as ClientId;
/** Takes a text for a principal; whoever calls it has checked, or made, the text. */
export const asPrincipal = (text: string): Principal => text as Principal;
