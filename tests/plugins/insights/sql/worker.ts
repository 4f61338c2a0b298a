import { openSqlAnalyser } from "../../../../plugins/insights/sql/analyser.ts";

declare const self: {
  onmessage: ((event: MessageEvent<string>) => void) | null;
  postMessage(value: unknown): void;
};

/** Answers each text with its analysis. */
const analyser = openSqlAnalyser();
self.onmessage = async ({ data }) => self.postMessage(await analyser.analyse(data));
