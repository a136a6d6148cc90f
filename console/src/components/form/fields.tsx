import Checkbox from "@cloudscape-design/components/checkbox";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import type { SelectProps } from "@cloudscape-design/components/select";
import Select from "@cloudscape-design/components/select";
import Textarea from "@cloudscape-design/components/textarea";
import type { ReactNode } from "react";
import type { FormState } from "./use-form.ts";

interface FieldProps<Values, Type> {
  readonly form: FormState<Values>;
  readonly name: { [Name in keyof Values & string]: Values[Name] extends Type ? Name : never }[keyof Values & string];
  readonly label: string;
  readonly description?: ReactNode;
  readonly hint?: ReactNode;
  readonly disabled?: boolean;
}

const LEFT_OUT = <i> – optional</i>;

/** One line of text, or a number as it is written. */
export function TextField<Values>({
  form,
  name,
  label,
  description,
  hint,
  disabled = false,
  placeholder,
  inputMode,
  optional = false,
}: FieldProps<Values, string> & {
  readonly placeholder?: string;
  readonly inputMode?: "numeric" | "decimal" | "text";
  readonly optional?: boolean;
}) {
  return (
    <FormField
      label={
        optional ? (
          <>
            {label}
            {LEFT_OUT}
          </>
        ) : (
          label
        )
      }
      description={description}
      constraintText={hint}
      errorText={form.errors[name]}
      i18nStrings={{ errorIconAriaLabel: "Error" }}
    >
      <Input
        value={form.values[name] as string}
        disabled={disabled}
        ariaRequired={!optional}
        {...(placeholder !== undefined && { placeholder })}
        {...(inputMode !== undefined && { inputMode })}
        onChange={({ detail }) => form.set(name, detail.value as Values[typeof name])}
      />
    </FormField>
  );
}

export function AreaField<Values>({
  form,
  name,
  label,
  description,
  hint,
  disabled = false,
  rows = 3,
}: FieldProps<Values, string> & { readonly rows?: number }) {
  return (
    <FormField
      label={label}
      description={description}
      constraintText={hint}
      errorText={form.errors[name]}
      stretch
      i18nStrings={{ errorIconAriaLabel: "Error" }}
    >
      <Textarea
        value={form.values[name] as string}
        disabled={disabled}
        rows={rows}
        spellcheck={false}
        onChange={({ detail }) => form.set(name, detail.value as Values[typeof name])}
      />
    </FormField>
  );
}

export interface Choice {
  readonly value: string;
  readonly label: string;
  readonly description?: string;
}

export function ChoiceField<Values>({
  form,
  name,
  label,
  description,
  hint,
  disabled = false,
  choices,
  placeholder = "Choose",
}: FieldProps<Values, string> & { readonly choices: readonly Choice[]; readonly placeholder?: string }) {
  return (
    <FormField
      label={label}
      description={description}
      constraintText={hint}
      errorText={form.errors[name]}
      i18nStrings={{ errorIconAriaLabel: "Error" }}
    >
      <ChoiceSelect
        choices={choices}
        value={form.values[name] as string}
        disabled={disabled}
        placeholder={placeholder}
        label={label}
        onChange={(value) => form.set(name, value as Values[typeof name])}
      />
    </FormField>
  );
}

export function ChoiceSelect({
  choices,
  value,
  label,
  disabled = false,
  placeholder = "Choose",
  onChange,
}: {
  readonly choices: readonly Choice[];
  readonly value: string;
  readonly label: string;
  readonly disabled?: boolean;
  readonly placeholder?: string;
  readonly onChange: (value: string) => void;
}) {
  const options: SelectProps.Option[] = choices.map((choice) => ({ ...choice }));
  const selectedOption =
    options.find((option) => option.value === value) ?? (value === "" ? null : { value, label: value });
  return (
    <Select
      options={options}
      selectedOption={selectedOption}
      disabled={disabled}
      placeholder={placeholder}
      ariaLabel={label}
      {...(options.length > 12 && { filteringType: "auto" as const, filteringAriaLabel: `Find in ${label}` })}
      onChange={({ detail }) => onChange(detail.selectedOption.value ?? "")}
    />
  );
}

export function CheckField<Values>({ form, name, label, description, disabled = false }: FieldProps<Values, boolean>) {
  return (
    <FormField errorText={form.errors[name]} i18nStrings={{ errorIconAriaLabel: "Error" }}>
      <Checkbox
        checked={form.values[name] as boolean}
        disabled={disabled}
        description={description}
        onChange={({ detail }) => form.set(name, detail.checked as Values[typeof name])}
      >
        {label}
      </Checkbox>
    </FormField>
  );
}
