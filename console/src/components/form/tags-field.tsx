import AttributeEditor from "@cloudscape-design/components/attribute-editor";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";

export interface TagRow {
  readonly key: string;
  readonly value: string;
}

/** AWS's own limit. */
const MOST_TAGS = 50;

export function rowsOf(tags: Readonly<Record<string, string>> | undefined): TagRow[] {
  return Object.entries(tags ?? {}).map(([key, value]) => ({ key, value }));
}

export function tagsOfRows(rows: readonly TagRow[]): Record<string, string> {
  return Object.fromEntries(rows.map(({ key, value }) => [key.trim(), value]));
}

/** What is wrong with tags, as far as that can be said here. */
export function tagsError(rows: readonly TagRow[]): string | undefined {
  const keys = rows.map(({ key }) => key.trim());
  const twice = keys.find((key, at) => keys.indexOf(key) !== at);
  if (keys.includes("")) return "Each tag needs a key.";
  if (twice !== undefined) return `The key ${twice} is there twice.`;
  if (keys.some((key) => /^aws:/i.test(key))) return "Keys that begin with aws: are AWS's own.";
  if (rows.some(({ key, value }) => key.length > 128 || value.length > 256))
    return "A key has at most 128 characters, a value 256.";
  return undefined;
}

export interface TagsFieldProps {
  readonly rows: readonly TagRow[];
  readonly onChange: (rows: readonly TagRow[]) => void;
  readonly error?: string | undefined;
  readonly label?: string;
  readonly description?: string;
}

/** The tags of a resource of any kind. */
export function TagsField({ rows, onChange, error, label = "Tags", description }: TagsFieldProps) {
  const change = (at: number, change: Partial<TagRow>): void =>
    onChange(rows.map((row, index) => (index === at ? { ...row, ...change } : row)));
  return (
    <FormField
      label={label}
      description={description}
      errorText={error}
      stretch
      i18nStrings={{ errorIconAriaLabel: "Error" }}
    >
      <AttributeEditor<TagRow>
        items={[...rows]}
        empty="No tags."
        addButtonText="Add tag"
        removeButtonText="Remove"
        disableAddButton={rows.length >= MOST_TAGS}
        removeButtonAriaLabel={(row) => `Remove tag ${row.key}`}
        onAddButtonClick={() => onChange([...rows, { key: "", value: "" }])}
        onRemoveButtonClick={({ detail }) => onChange(rows.filter((_, at) => at !== detail.itemIndex))}
        definition={[
          {
            label: "Key",
            control: (row, at) => (
              <Input
                value={row.key}
                ariaLabel={`Key of tag ${at + 1}`}
                onChange={({ detail }) => change(at, { key: detail.value })}
              />
            ),
          },
          {
            label: "Value",
            control: (row, at) => (
              <Input
                value={row.value}
                ariaLabel={`Value of tag ${at + 1}`}
                onChange={({ detail }) => change(at, { value: detail.value })}
              />
            ),
          },
        ]}
      />
    </FormField>
  );
}
