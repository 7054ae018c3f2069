import { RunspaceError } from '../core/error';
import type { ContainerTarget } from '../core/target';
import type { Containers } from '../transport/container/containers';

/** The engines by the programs that they are, in the order in which they are wished for. */
const engines = { pwsh: 'powershell', node: 'javascript', python3: 'python', bash: 'bash' } as const;

/**
 * The engine of a session in a container that nobody named one for: PowerShell where the image has it, else the first
 * of JavaScript, Python and bash. Errors: ENGINE_NOT_FOUND, and those of finding the container.
 */
export async function defaultEngineIn(target: ContainerTarget, containers: Containers): Promise<string> {
  const programs = Object.keys(engines);
  const found = await containers.firstProgram(target, programs);
  const engine = Object.entries(engines).find(([program]) => program === found)?.[1];
  if (engine !== undefined) return engine;
  throw new RunspaceError(
    'ENGINE_NOT_FOUND',
    `none of ${programs.join(', ')} is on the PATH in container ${target.container}; install one there`,
    { facts: { container: target.container } },
  );
}
