import { useState } from "react";
import { CallFailed } from "../../api/call.ts";
import { errorText } from "../errors.tsx";

export type FormErrors<Values> = Readonly<Partial<Record<keyof Values & string, string>>>;

export interface FormOptions<Values, Answer> {
  /** As it is now. */
  readonly initial: Values;
  /** What somebody, such as the address, would have it be. */
  readonly proposed?: Partial<Values>;
  /** What can be said before anything is sent. */
  readonly check: (values: Values) => FormErrors<Values>;
  /** Rejects with what the server says. */
  readonly send: (values: Values) => Promise<Answer>;
  /** Which member a refusal of the server is about: the first whose pattern its message matches. */
  readonly places: readonly (readonly [member: keyof Values & string, message: RegExp])[];
  readonly onDone: (values: Values, answer: Answer) => void;
}

export interface FormState<Values> {
  readonly values: Values;
  readonly set: <Name extends keyof Values & string>(name: Name, value: Values[Name]) => void;
  readonly errors: FormErrors<Values>;
  /** What is about no single member. */
  readonly problem: string | undefined;
  readonly isSending: boolean;
  readonly isChanged: boolean;
  readonly submit: () => void;
}

/** What is written into a form, what is wrong with it, and its way to the server. */
export function useForm<Values extends object, Answer = void>(options: FormOptions<Values, Answer>): FormState<Values> {
  const [initial] = useState(options.initial);
  const [values, setValues] = useState({ ...initial, ...options.proposed });
  const [errors, setErrors] = useState({} as FormErrors<Values>);
  const [problem, setProblem] = useState<string>();
  const [isSending, setSending] = useState(false);

  const refuse = (error: unknown): void => {
    const message = errorText(error);
    const place = error instanceof CallFailed && options.places.find(([, pattern]) => pattern.test(message));
    if (place) setErrors({ [place[0]]: message } as FormErrors<Values>);
    else setProblem(message);
  };
  const submit = (): void => {
    if (isSending) return;
    const found = options.check(values);
    setErrors(found);
    setProblem(undefined);
    if (Object.keys(found).length > 0) return;
    setSending(true);
    void options
      .send(values)
      .then((answer) => options.onDone(values, answer), refuse)
      .finally(() => setSending(false));
  };
  return {
    ...{ values, errors, problem, isSending, submit },
    isChanged: JSON.stringify(values) !== JSON.stringify(initial),
    set: (name, value) => {
      setValues((before) => ({ ...before, [name]: value }));
      setErrors((before) => (before[name] === undefined ? before : { ...before, [name]: undefined }));
    },
  };
}

/** The checks that found something. */
export function foundErrors<Values>(
  checks: Partial<Record<keyof Values & string, string | undefined | false>>,
): FormErrors<Values> {
  return Object.fromEntries(Object.entries(checks).filter(([, text]) => text)) as FormErrors<Values>;
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$/;

/** The names of Batch's resources. */
export function nameError(name: string): string | undefined {
  if (NAME.test(name)) return undefined;
  return "A name has 1 to 128 letters, digits, hyphens and underscores, and begins with a letter or a digit.";
}

/** @param text what a person wrote; empty is allowed where `optional` says so. */
export function wholeNumberError(
  text: string,
  { least = 0, most = 2_147_483_647, optional = false }: { least?: number; most?: number; optional?: boolean },
): string | undefined {
  if (optional && text.trim() === "") return undefined;
  const value = Number(text);
  const isRight = /^\s*\d+\s*$/.test(text) && value >= least && value <= most;
  return isRight ? undefined : `A whole number from ${least} to ${most}.`;
}
