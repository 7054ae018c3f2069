import { join } from 'node:path';
import type { SshTarget } from '../../../clients/typescript';
import { Sshd } from '../../support/sshd';
import { distFolder, Machine } from './machine';

/** The machine that has a daemon, and an sshd by which it is reached. */
export class FarMachine implements AsyncDisposable {
  private constructor(
    readonly machine: Machine,
    readonly sshd: Sshd,
  ) {}

  static async start(lines: readonly string[] = []): Promise<FarMachine> {
    const machine = new Machine();
    const PATH = `${join(distFolder, 'bin')}:${process.env['PATH'] ?? ''}`;
    return new FarMachine(
      machine,
      await Sshd.start({ lines, environment: { ...machine.environment, PATH } }),
    );
  }

  /** A link that is dead is noticed within two seconds. */
  target(more: Partial<SshTarget> = {}): SshTarget {
    const { port, key, knownHosts } = this.sshd;
    const options = {
      UserKnownHostsFile: knownHosts,
      GlobalKnownHostsFile: '/dev/null',
      ServerAliveInterval: '1',
      ServerAliveCountMax: '1',
    };
    return { is: 'ssh', host: '127.0.0.1', port, keyFilePath: key, options, ...more };
  }

  /** Ends all connections. */
  cut(): void {
    for (const pid of this.sshd.connectionProcesses()) process.kill(pid, 'SIGKILL');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.sshd[Symbol.asyncDispose]();
    await this.machine[Symbol.asyncDispose]();
  }
}
