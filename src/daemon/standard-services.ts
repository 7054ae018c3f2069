import { readFileSync } from 'node:fs';
import type { Server } from '@grpc/grpc-js';
import { loadFileDescriptorSetFromBuffer } from '@grpc/proto-loader';
import { ReflectionService } from '@grpc/reflection';
import { HealthImplementation } from 'grpc-health-check';

const services = ['runspace.v1.SessionService', 'runspace.v1.PipelineService', 'runspace.v1.DaemonService'];

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

/** grpc.reflection.v1 and v1alpha, fed from the API's descriptors (a file of the build). */
export function addReflection(server: Server, descriptorsPath: string): void {
  const descriptors = loadFileDescriptorSetFromBuffer(readFileSync(descriptorsPath));
  new ReflectionService(descriptors).addToServer(server);
}
