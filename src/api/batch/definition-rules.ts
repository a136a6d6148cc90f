import type {
  ContainerProperties,
  EvaluateOnExit,
  JobTimeout,
  KeyValuePair,
  RetryStrategy,
} from "@aws-sdk/client-batch";
import { requirementsOf } from "../../core/requirements.ts";
import { validationException } from "../wire/errors.ts";
import { validateFargate, validateNotFargate } from "./fargate-rules.ts";
import { TEXTS } from "./texts.ts";

/** The rules of a container, for a definition and again for a job after its overrides (reference 4.4 to 4.6). */
export function validateContainer(container: ContainerProperties, isFargateJob: boolean): void {
  if (!container.image) throw validationException(TEXTS.imageRequired);
  validateEnvironment(container.environment);
  validateRequirements(container);
  const requirements = requirementsOf(container);
  const { vcpuMilli, memoryMiB } = requirements;
  if (vcpuMilli === 0) throw validationException(TEXTS.vcpuRequired);
  if (memoryMiB === 0) throw validationException(TEXTS.memoryRequired);
  if (isFargateJob) return validateFargate(container, requirements);
  validateNotFargate(container);
  if (vcpuMilli < 1000 || vcpuMilli % 1000 !== 0) {
    throw validationException(TEXTS.vcpuTooLow(String(vcpuMilli / 1000)));
  }
  if (memoryMiB < 4) throw validationException(TEXTS.memoryTooLow(String(memoryMiB)));
}

function validateRequirements(container: ContainerProperties): void {
  const requirements = container.resourceRequirements ?? [];
  for (const { type, value } of requirements) {
    if (type !== "VCPU" && type !== "MEMORY" && type !== "GPU") {
      throw validationException(TEXTS.resourceType(String(type)));
    }
    const pattern = type === "VCPU" ? /^\d{1,6}(\.\d{1,3})?$/ : /^\d{1,9}$/;
    if (!pattern.test(value!)) throw validationException(TEXTS.notNumeric(value!, type));
  }
  const types = requirements.map(({ type }) => type);
  if (new Set(types).size < types.length) throw validationException(TEXTS.duplicateRequirements);
  if (types.includes("VCPU") && container.vcpus !== undefined) throw validationException(TEXTS.mixedVcpus);
  if (types.includes("MEMORY") && container.memory !== undefined) throw validationException(TEXTS.mixedMemory);
}

/** Names beginning with AWS_BATCH are the service's own (reference 4.5). */
export function validateEnvironment(environment: readonly KeyValuePair[] | undefined): void {
  for (const { name, value } of environment ?? []) {
    if (!name) throw validationException(TEXTS.variableWithoutName);
    if (name.includes("=") || name.includes("\0") || value?.includes("\0")) {
      throw validationException(TEXTS.variableName(name));
    }
    if (name.startsWith("AWS_BATCH")) throw validationException(TEXTS.reservedVariable(name));
  }
}

/** Reference 5.1. */
export function validateRetry(strategy: RetryStrategy | undefined): void {
  if (strategy === undefined) return;
  if (strategy.attempts === undefined) throw validationException(TEXTS.attemptsRequired);
  if (strategy.attempts < 1 || strategy.attempts > 10) throw validationException(TEXTS.attemptsRange);
  const conditions = strategy.evaluateOnExit ?? [];
  if (conditions.length > 5) throw validationException(TEXTS.tooManyExitConditions);
  for (const condition of conditions) validateExitCondition(condition);
}

function validateExitCondition({ action, onStatusReason, onReason, onExitCode }: EvaluateOnExit): void {
  if (!/^(retry|exit)$/i.test(action!)) throw validationException(TEXTS.exitAction(action!));
  const patterns = [onStatusReason, onReason, onExitCode].filter((pattern) => pattern !== undefined);
  if (patterns.length === 0) throw validationException(TEXTS.exitConditionEmpty);
  if (patterns.some((pattern) => pattern.length > 512)) throw validationException(TEXTS.exitConditionTooLong);
  const areReasonsValid = [onStatusReason, onReason].every((reason) => /^[A-Za-z0-9.:\s]*\*?$/.test(reason ?? ""));
  if (!areReasonsValid || !/^\d*\*?$/.test(onExitCode ?? "")) throw validationException(TEXTS.exitConditionCharacters);
}

/** Reference 5.2. */
export function validateTimeout(timeout: JobTimeout | undefined): void {
  const seconds = timeout?.attemptDurationSeconds;
  if (timeout !== undefined && (seconds === undefined || seconds < 60))
    throw validationException(TEXTS.timeoutTooShort);
}

export function validatePriority(priority: number | undefined): void {
  if (priority !== undefined && (priority < 0 || priority > 9999)) {
    throw validationException(TEXTS.schedulingPriority);
  }
}

/** The request as JSON, in KiB (reference 9). */
export function validateSize(request: unknown, noun: string, kibibytes: number): void {
  if (JSON.stringify(request).length > kibibytes * 1024) throw validationException(TEXTS.tooLarge(noun, kibibytes));
}
