import { RemoteProtocolError } from './errors';
import { GrowingBytes } from './growing-bytes';

/*
 * A message ("object" in MS-PSRP) travels in fragments (MS-PSRP 2.2.4), big-endian:
 *
 *   ObjectId int64 | FragmentId int64 | flags u8 (bit 0 start, bit 1 end) | BlobLength int32 | blob
 *
 * ObjectId grows by one with each message of a sender, FragmentId counts 0, 1, 2 … within one. On one stream of one
 * pipeline objects follow each other whole; different streams may be interleaved, so each has its own reassembler.
 */
const headerLength = 21;
const startFlag = 1;
const endFlag = 2;

/** Largest fragment that we send, header included; what PowerShell's own out-of-process client uses. */
const defaultFragmentSize = 32 * 1024;

/** What reassembly gives: a whole message, or the notice that one was larger than allowed and is being skipped. */
export type Reassembled =
  { readonly is: 'message'; readonly bytes: Uint8Array } | { readonly is: 'tooLarge'; readonly size: number };

/** Cuts a message into fragments of at most `fragmentSize` bytes each. */
export function fragmentsOf(
  message: Uint8Array,
  objectId: number,
  fragmentSize: number = defaultFragmentSize,
): Uint8Array[] {
  const blobSize = fragmentSize - headerLength;
  const fragments: Uint8Array[] = [];
  for (let offset = 0, id = 0; offset < message.length || id === 0; offset += blobSize, id++) {
    const blob = message.subarray(offset, offset + blobSize);
    const fragment = new Uint8Array(headerLength + blob.length);
    const view = new DataView(fragment.buffer);
    view.setBigInt64(0, BigInt(objectId));
    view.setBigInt64(8, BigInt(id));
    view.setUint8(16, (id === 0 ? startFlag : 0) | (offset + blobSize >= message.length ? endFlag : 0));
    view.setInt32(17, blob.length);
    fragment.set(blob, headerLength);
    fragments.push(fragment);
  }
  return fragments;
}

/** Puts the messages of one stream together again. Memory is bounded by `maximumObjectSize`. */
export class Reassembler {
  readonly #maximumObjectSize: number;
  #open: OpenObject | undefined;

  constructor(maximumObjectSize: number) {
    this.#maximumObjectSize = maximumObjectSize;
  }

  /** Takes one Data payload: any number of whole fragments. Returns what it completed, in order. */
  receive(data: Uint8Array): Reassembled[] {
    const results: Reassembled[] = [];
    const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
    for (let offset = 0; offset < data.length;) {
      const fragment = readFragment(view, data, offset);
      offset += headerLength + fragment.blob.length;
      const result = this.#take(fragment);
      if (result !== undefined) results.push(result);
    }
    return results;
  }

  #take(fragment: Fragment): Reassembled | undefined {
    const open = this.#openFor(fragment);
    if (fragment.isEnd) this.#open = undefined;
    if (open.bytes === undefined) return undefined;
    const size = open.bytes.length + fragment.blob.length;
    if (size > this.#maximumObjectSize) {
      open.bytes = undefined;
      return { is: 'tooLarge', size };
    }
    if (fragment.isStart && fragment.isEnd) return { is: 'message', bytes: fragment.blob };
    open.bytes.append(fragment.blob);
    return fragment.isEnd ? { is: 'message', bytes: open.bytes.view() } : undefined;
  }

  #openFor(fragment: Fragment): OpenObject {
    const open = this.#open;
    if (fragment.isStart) {
      if (open !== undefined) throw outOfOrder(fragment, `object ${String(open.id)} has not ended`);
      if (fragment.fragmentId !== 0) throw outOfOrder(fragment, 'an object starts with fragment 0');
      this.#open = { id: fragment.objectId, lastFragmentId: 0, bytes: new GrowingBytes() };
      return this.#open;
    }
    if (open === undefined) throw outOfOrder(fragment, 'no object has started');
    if (open.id !== fragment.objectId) throw outOfOrder(fragment, `object ${String(open.id)} has not ended`);
    if (++open.lastFragmentId !== fragment.fragmentId) {
      throw outOfOrder(fragment, `fragment ${String(open.lastFragmentId)} is missing`);
    }
    return open;
  }
}

/** An object of which not all fragments have come. */
interface OpenObject {
  readonly id: number;
  lastFragmentId: number;
  /** Undefined once the object has proved too large: the rest of it is dropped as it comes. */
  bytes: GrowingBytes | undefined;
}

interface Fragment {
  readonly objectId: number;
  readonly fragmentId: number;
  readonly isStart: boolean;
  readonly isEnd: boolean;
  readonly blob: Uint8Array;
}

function readFragment(view: DataView, data: Uint8Array, offset: number): Fragment {
  const available = data.length - offset - headerLength;
  const length = available < 0 ? -1 : view.getInt32(offset + 17);
  if (length < 0 || length > available) {
    const reason = available < 0 ? 'its header is cut off' : `it says ${String(length)} bytes`;
    throw new RemoteProtocolError('FRAGMENT_TRUNCATED', `a fragment is not whole: ${reason}`);
  }
  const flags = view.getUint8(offset + 16);
  const start = offset + headerLength;
  return {
    objectId: readId(view, offset, 1),
    fragmentId: readId(view, offset + 8, 0),
    isStart: (flags & startFlag) !== 0,
    isEnd: (flags & endFlag) !== 0,
    blob: data.subarray(start, start + length),
  };
}

/** An int64 that must be within what a number holds exactly; no peer counts further. */
function readId(view: DataView, offset: number, smallest: number): number {
  const id = view.getInt32(offset) * 0x100000000 + view.getUint32(offset + 4);
  if (id < smallest || !Number.isSafeInteger(id)) {
    throw new RemoteProtocolError('FRAGMENT_ID_INVALID', `a fragment has the id ${String(id)}`);
  }
  return id;
}

function outOfOrder(fragment: Fragment, reason: string): RemoteProtocolError {
  const name = `fragment ${String(fragment.fragmentId)} of object ${String(fragment.objectId)}`;
  return new RemoteProtocolError('FRAGMENT_OUT_OF_ORDER', `${name} is out of order: ${reason}`);
}
