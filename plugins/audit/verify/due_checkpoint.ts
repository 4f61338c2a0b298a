import { type Checkpoint, parseCheckpoint } from "../tree/checkpoint.ts";
import { type Note, parseNote } from "../tree/signed_note.ts";

/** A checkpoint that waits for the trail to come to its size. */
export interface DueCheckpoint {
  readonly note: Note;
  readonly checkpoint: Required<Checkpoint>;
  /** Where it was read: `line 12`. */
  readonly where: string;
  /** Whether it was kept elsewhere and is not of this trail's own. */
  readonly elsewhere: boolean;
}

/**
 * Reads a checkpoint and believes nothing.
 * @throws {NoteError} it is malformed.
 */
export function dueCheckpoint(text: string, where: string, elsewhere: boolean): DueCheckpoint {
  const note = parseNote(text);
  return { note, checkpoint: parseCheckpoint(note.text), where, elsewhere };
}
