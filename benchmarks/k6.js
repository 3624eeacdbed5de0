// k6's side of the load: what to send, by the environment that load.py sets, and one line of JSON at the end.

import { SharedArray } from "k6/data";
import exec from "k6/execution";
import http from "k6/http";

const { JOB, RUN, URL, KEY } = __ENV;
const rows = Number(__ENV.ROWS);
const bodies = new SharedArray("bodies", () => open(__ENV.BODIES).trim().split("\n"));
const sending = { headers: { "Content-Type": "application/json", Authorization: `Bearer ${KEY}` } };

export const options = { discardResponseBodies: true };

const jobs = {
  get: () => {
    const number = (1 + Math.floor(Math.random() * rows)).toString(16).padStart(12, "0");
    http.get(`${URL}/v1/events/01900000-0000-7000-8000-${number}`);
  },
  list: () => http.get(`${URL}/v1/events?limit=50`),
  create: () => {
    const sent = exec.scenario.iterationInTest;
    // One of the 9,000 days from 2000-01-01, as the rows have.
    const day = new Date(946684800000 + Math.floor(Math.random() * 9000) * 86400000).toISOString().slice(0, 10);
    const body = bodies[sent % bodies.length].replace("@external@", `${RUN}-${sent}`).replace("@day@", day);
    http.post(`${URL}/v1/events`, body, sending);
  },
  empty: () => http.get(`${URL}/`),
};

export default jobs[JOB];

export function handleSummary(data) {
  const { http_reqs, http_req_failed } = data.metrics;
  const { count, rate } = http_reqs.values;
  const result = { requests: count, seconds: count / rate, errors: http_req_failed.values.passes };
  return { stdout: JSON.stringify(result) + "\n" };
}
