import { protocolError } from './error';

/** The message that every answer of this kind holds. */
export function present<Message>(message: Message | undefined): Message {
  if (message !== undefined) return message;
  throw protocolError("the daemon's answer lacks what was asked for");
}
