import type { Value } from '../core/value';
import { propertyBag, propertyOf, textOf } from './clixml/properties';
import { RemoteProtocolError } from './errors';

/*
 * What the versions mean to us (MS-PSRP 3.1.5.4.1, and PowerShell's source):
 * 2.2  Windows PowerShell 3; 2.3  5.0 to PowerShell 7.5: information stream, reset; 2.4  7.6: no session key, the
 * transport is trusted to be secure. A server answers with the smaller of the two versions.
 */

/** The protocol versions that both halves speak, oldest first. */
export const protocolVersions = ['2.2', '2.3', '2.4'] as const;
/** A version of the protocol. */
export type ProtocolVersion = (typeof protocolVersions)[number];

/** Whether a session of version `version` has what came with `since`. */
export function isAtLeast(version: ProtocolVersion, since: ProtocolVersion): boolean {
  return protocolVersions.indexOf(version) >= protocolVersions.indexOf(since);
}

/** SESSION_CAPABILITY (MS-PSRP 2.2.2.1). PSVersion and SerializationVersion have never changed. */
export function capabilityValue(version: ProtocolVersion): Value {
  return propertyBag({
    protocolversion: { type: 'version', text: version },
    PSVersion: { type: 'version', text: psVersion },
    SerializationVersion: { type: 'version', text: serializationVersion },
  });
}

const psVersion = '2.0';
const serializationVersion = '1.1.0.1';

/** The version that the server chose. One that is too old or newer than ours was, or another serialisation, is refused. */
export function readServerCapability(payload: Value, offered: ProtocolVersion): ProtocolVersion {
  const version = readVersion(payload);
  const chosen = protocolVersions.find((known) => known === version);
  if (chosen === undefined || !isAtLeast(offered, chosen)) throw mismatch('the server', version, offered);
  return chosen;
}

/**
 * The version that a server answers to a client's offer: the client's, or its own to a newer client of the same major
 * version. An older client than we know is refused.
 */
export function readClientCapability(payload: Value, newest: ProtocolVersion): ProtocolVersion {
  const version = readVersion(payload);
  const minor = /^2\.(\d+)$/.exec(version)?.[1];
  if (minor !== undefined && Number(minor) > Number(newest.slice(2))) return newest;
  const chosen = protocolVersions.find((known) => known === version);
  if (chosen === undefined) throw mismatch('the client', version, newest);
  return chosen;
}

function readVersion(payload: Value): string {
  const text = (name: string): string => textOf(propertyOf(payload, name)) ?? '';
  if (text('PSVersion') !== psVersion || text('SerializationVersion') !== serializationVersion) {
    const versions = `PSVersion "${text('PSVersion')}", SerializationVersion "${text('SerializationVersion')}"`;
    throw new RemoteProtocolError('VERSION_MISMATCH', `the peer speaks ${versions}`);
  }
  return text('protocolversion');
}

function mismatch(peer: string, version: string, ours: string): RemoteProtocolError {
  const known = `this side speaks ${protocolVersions[0]} to ${ours}`;
  return new RemoteProtocolError(
    'VERSION_MISMATCH',
    `${peer} speaks protocol version "${version}"; ${known}`,
  );
}
