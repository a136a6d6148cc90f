import AttributeEditor from "@cloudscape-design/components/attribute-editor";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import type { TagRow } from "../../../components/form/tags-field.tsx";

export interface PairsFieldProps {
  readonly label: string;
  /** One of them: "variable". */
  readonly what: string;
  readonly hint?: string;
  readonly rows: readonly TagRow[];
  readonly error?: string | undefined;
  readonly onChange: (rows: readonly TagRow[]) => void;
}

/** Names with their values. */
export function PairsField({ label, what, hint, rows, error, onChange }: PairsFieldProps) {
  const change = (at: number, part: Partial<TagRow>): void =>
    onChange(rows.map((row, index) => (index === at ? { ...row, ...part } : row)));
  const control = (member: "key" | "value") => (row: TagRow, at: number) => (
    <Input
      value={row[member]}
      ariaLabel={`${member === "key" ? "Name" : "Value"} of ${what} ${at + 1}`}
      onChange={({ detail }) => change(at, { [member]: detail.value })}
    />
  );
  return (
    <FormField
      label={label}
      constraintText={hint}
      errorText={error}
      stretch
      i18nStrings={{ errorIconAriaLabel: "Error" }}
    >
      <AttributeEditor<TagRow>
        items={[...rows]}
        empty={`No ${what}s.`}
        addButtonText={`Add ${what}`}
        removeButtonText="Remove"
        removeButtonAriaLabel={(row) => `Remove ${what} ${row.key}`}
        onAddButtonClick={() => onChange([...rows, { key: "", value: "" }])}
        onRemoveButtonClick={({ detail }) => onChange(rows.filter((_, at) => at !== detail.itemIndex))}
        definition={[
          { label: "Name", control: control("key") },
          { label: "Value", control: control("value") },
        ]}
      />
    </FormField>
  );
}
