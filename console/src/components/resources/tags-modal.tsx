import { FormModal } from "../form/form-modal.tsx";
import type { TagRow } from "../form/tags-field.tsx";
import { rowsOf, tagsError, TagsField, tagsOfRows } from "../form/tags-field.tsx";
import { foundErrors, useForm } from "../form/use-form.ts";
import { useNotices } from "../../shell/notices.tsx";

export interface TagsModalProps {
  /** The resource's name. */
  readonly what: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly onSave: (tags: Record<string, string>) => Promise<void>;
  readonly onDone: () => void;
  readonly onClose: () => void;
}

/** Changes the tags of a resource that has nothing else to be changed. */
export default function TagsModal({ what, tags, onSave, onDone, onClose }: TagsModalProps) {
  const notices = useNotices();
  const form = useForm<{ readonly tags: readonly TagRow[] }>({
    initial: { tags: rowsOf(tags) },
    check: (values) => foundErrors<{ tags: readonly TagRow[] }>({ tags: tagsError(values.tags) }),
    send: (values) => onSave(tagsOfRows(values.tags)),
    places: [["tags", /./]],
    onDone: () => {
      notices.success(`The tags of ${what} were changed.`);
      onDone();
      onClose();
    },
  });
  return (
    <FormModal form={form} title={`Tags of ${what}`} action="Save changes" size="medium" onClose={onClose}>
      <TagsField rows={form.values.tags} error={form.errors.tags} onChange={(rows) => form.set("tags", rows)} />
    </FormModal>
  );
}
