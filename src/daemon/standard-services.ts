import { readFileSync } from 'node:fs';
import type { Server } from '@grpc/grpc-js';
import { BinaryReader } from '@bufbuild/protobuf/wire';
import type { MessageTypeDefinition } from '@grpc/proto-loader';
import { ReflectionService } from '@grpc/reflection';
import { HealthImplementation } from 'grpc-health-check';

const services = [
  'runspace.v1.SessionService',
  'runspace.v1.PipelineService',
  'runspace.v1.JobService',
  'runspace.v1.ConfigurationService',
  'runspace.v1.AccessService',
  'runspace.v1.DaemonService',
];

/** Health as the standard service reports it: NOT_SERVING until the sessions are brought back. */
export interface Health {
  add(server: Server): void;
  /** Says that all services can be used, or can't. */
  setServing(status: 'SERVING' | 'NOT_SERVING'): void;
}

/** grpc.health.v1.Health for all our services and for the whole server (the empty name). */
export function createHealth(): Health {
  const names = ['', ...services];
  const health = new HealthImplementation(
    Object.fromEntries(names.map((name) => [name, 'NOT_SERVING' as const])),
  );
  return {
    add: (server) => {
      health.addToServer(server);
    },
    setServing: (status) => {
      for (const name of names) health.setStatus(name, status);
    },
  };
}

/**
 * grpc.reflection.v1 and v1alpha, fed from the API's descriptors (a file of the build). The package gets each file as it
 * was compiled: what proto-loader makes of them is one file per package without imports, which strict clients refuse.
 */
export function addReflection(server: Server, descriptorsPath: string): void {
  const fileDescriptorProtos = filesOf(readFileSync(descriptorsPath));
  const definition: MessageTypeDefinition<object, object> = {
    format: 'Protocol Buffer 3 DescriptorProto',
    type: {},
    fileDescriptorProtos,
    serialize: () => Buffer.alloc(0),
    deserialize: () => ({}),
  };
  new ReflectionService({ files: definition }).addToServer(server);
}

/** The encoded files of a google.protobuf.FileDescriptorSet: its field 1. */
function filesOf(descriptorSet: Uint8Array): Buffer[] {
  const reader = new BinaryReader(descriptorSet);
  const files: Buffer[] = [];
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (field === 1) files.push(Buffer.from(reader.bytes()));
    else reader.skip(wireType);
  }
  return files;
}
