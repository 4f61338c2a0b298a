import type { CodecFactory } from "capstan";
import { envelopeCodec } from "./cloud_event.ts";

/** The codec of events in a Worker; the options are the form. */
const factory: CodecFactory = (form) => envelopeCodec(form === "cloudevents" ? form : "plain");
export default factory;
