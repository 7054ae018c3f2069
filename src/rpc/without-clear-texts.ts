/**
 * A message with the clear text of every secure string in it left out, for fingerprints: a digest must not let anyone
 * try out what a secret may have been. What holds no secret stays the same object.
 */
export function withoutClearTexts<Message>(message: Message): Message {
  return strip(message) as Message;
}

function strip(part: unknown): unknown {
  if (typeof part !== 'object' || part === null || ArrayBuffer.isView(part)) return part;
  if (Array.isArray(part)) {
    const items = part.map(strip);
    return items.every((item, index) => item === part[index]) ? part : items;
  }
  const fields = Object.entries(part);
  const stripped = fields.map(
    ([name, value]) => [name, isClearText(name, value) ? noText : strip(value)] as const,
  );
  return stripped.every(([, value], index) => value === fields[index]?.[1])
    ? part
    : Object.fromEntries(stripped);
}

const noText = new Uint8Array();

/** `SecureString.text_utf16`, wherever it stands. */
function isClearText(name: string, value: unknown): boolean {
  return name === 'textUtf16' && value instanceof Uint8Array && value.length > 0;
}
