import PropertyFilter from "@cloudscape-design/components/property-filter";
import { useQueues } from "../../../api/resources.ts";
import type { Token } from "./properties.ts";
import { PROPERTIES, STATUS_OPTIONS, TIME_OPTIONS, withProperty } from "./properties.ts";

export interface JobFilterProps {
  readonly tokens: readonly Token[];
  readonly onChange: (tokens: readonly Token[]) => void;
}

export function JobFilter({ tokens, onChange }: JobFilterProps) {
  const { data: queues = [] } = useQueues();
  return (
    <PropertyFilter
      query={{ tokens: [...tokens], operation: "and" }}
      hideOperations
      onChange={({ detail }) => onChange(detail.tokens.map(withProperty).filter(({ value }) => value !== ""))}
      filteringProperties={PROPERTIES}
      filteringOptions={[
        ...STATUS_OPTIONS,
        ...TIME_OPTIONS,
        ...queues.map(({ jobQueueName }) => ({ propertyKey: "queue", value: jobQueueName! })),
      ]}
      filteringPlaceholder="Find jobs by name, status, queue, tag, time"
      filteringAriaLabel="Find jobs"
      i18nStrings={TEXTS}
    />
  );
}

const OPERATORS: Readonly<Record<string, string>> = {
  "=": "equals",
  "^": "begins with",
  ":": "contains",
  ">=": "at or after",
  "<": "before",
};

const TEXTS = {
  dismissAriaLabel: "Dismiss",
  groupValuesText: "Values",
  groupPropertiesText: "Properties",
  operatorsText: "Operators",
  operationAndText: "and",
  operationOrText: "or",
  operatorLessText: "Before",
  operatorLessOrEqualText: "At or before",
  operatorGreaterText: "After",
  operatorGreaterOrEqualText: "At or after",
  operatorContainsText: "Contains",
  operatorDoesNotContainText: "Does not contain",
  operatorEqualsText: "Equals",
  operatorDoesNotEqualText: "Does not equal",
  operatorStartsWithText: "Begins with",
  operatorDoesNotStartWithText: "Does not begin with",
  editTokenHeader: "Change the filter",
  propertyText: "Property",
  operatorText: "Operator",
  valueText: "Value",
  cancelActionText: "Cancel",
  applyActionText: "Apply",
  allPropertiesLabel: "All properties",
  clearFiltersText: "Clear filters",
  removeTokenButtonAriaLabel: ({ propertyKey = "name", operator, value }: Token) =>
    `Remove the filter ${propertyKey} ${OPERATORS[operator] ?? operator} ${String(value)}`,
  enteredTextLabel: (text: string) => `Use: "${text}"`,
} as const;
