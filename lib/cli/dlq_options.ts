/** What the commands about dead letters have in common, for their help. */
export const aboutLetters =
  "A record that a stream could not handle lies in TOPIC.dlq, with the reason in its headers. Topics may be given by " +
  "their name in code or their real one, with .dlq or without. The letters are those on Kafka where it is configured, " +
  "else those of the log in the file; streams of an agent's own log have theirs there: --local.";
