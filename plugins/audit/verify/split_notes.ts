/**
 * The signed notes of a text that has one, or several with an empty line behind each, as the file `checkpoints` has them.
 * What is none is given as it is, so that nothing is left unread.
 */
export function splitNotes(text: string): string[] {
  const notes = text.split(/(?<=\n\n(?:\u2014 [^\n]*\n)+)\n/);
  return notes.filter((note, at) => note !== "" || at === 0);
}
