import { Autocomplete, Checkbox, JsonInput, PasswordInput, Select, TagsInput, TextInput } from "@mantine/core";
import type { Field, Values } from "./form";

interface Properties {
  field: Field;
  value: Values[string] | undefined;
  error?: string | undefined;
  change: (value: Values[string]) => void;
  /** What stands in an empty secret's place. */
  placeholder?: string | undefined;
}

/** The control for a setting, by its type. */
export function FieldControl({ field, value, error, change, placeholder }: Properties) {
  const common = {
    label: field.label,
    description: field.description,
    withAsterisk: field.required,
    error,
    placeholder: placeholder ?? (field.default_value === undefined ? "" : `${field.default_value}`),
  };
  const text = typeof value === "string" ? value : "";
  const onText = (event: React.ChangeEvent<HTMLInputElement>) => change(event.currentTarget.value);
  if (field.type === "bool")
    return (
      <Checkbox
        label={field.label}
        description={field.description}
        error={error}
        checked={value === undefined ? field.default_value === true : value === true}
        onChange={(event) => change(event.currentTarget.checked)}
      />
    );
  if (field.suggested)
    return (
      <Autocomplete
        {...common}
        data={field.suggested}
        spellCheck={false}
        value={text}
        onChange={(typed) => change(typed)}
      />
    );
  if (field.type === "list")
    return <TagsInput {...common} value={Array.isArray(value) ? value : []} onChange={change} />;
  if (field.type === "map") return <JsonInput {...common} autosize minRows={2} value={text} onChange={change} />;
  if (field.choices)
    return (
      <Select
        {...common}
        data={field.choices}
        value={text || null}
        onChange={(chosen) => change(chosen ?? "")}
        clearable={!field.required}
      />
    );
  if (field.sensitive) return <PasswordInput {...common} autoComplete="off" value={text} onChange={onText} />;
  const numeric = field.type === "int" || field.type === "float";
  return (
    <TextInput {...common} inputMode={numeric ? "decimal" : "text"} spellCheck={false} value={text} onChange={onText} />
  );
}
