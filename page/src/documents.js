/**
 * What the service answers, as far as the page reads it: schemas/service.schema.json and schemas/plan.schema.json
 * tell the whole.
 *
 * @typedef {{code: string, severity: "error"|"warning"|"note", message: string, hint: string, event: string,
 *   rule: string, where: string[]}} Problem
 * @typedef {{field: string, value: unknown, rule: string, at: string, facts: string[]}} Reason
 * @typedef {Record<string, unknown>} Fields
 * @typedef {{networks: Record<string, Fields>, bondings: Record<string, Fields>, options: Fields}} Call
 * @typedef {{effect: string, device: string, address: string|null, from: string|null, to: string|null,
 *   because: string}} Effect
 * @typedef {{step: "adopt"|"change", request: Call, foreseen: Effect[], revert: Call}} Step
 * @typedef {{method: string, address?: string, prefix?: number|null, gateway?: string|null}} Ip
 * @typedef {{iface: string, vlan: number|null, bridged: boolean, mtu: number, stp: boolean,
 *   bonding: Record<string, {nics: string[], options: Record<string, string>}>, ipv4: Ip, ipv6: Ip,
 *   default_route: boolean, nameservers: string[], switch: string}} Attachment
 * @typedef {{outcome: "change"|"no-change"|"refused", network: string,
 *   management: {address: string|null, device: string, kind: string, found_by: string}|null,
 *   attachment: Attachment|null, steps: Step[], problems: Problem[], trace: Reason[],
 *   rules: {ruleset: string, version: string, engine: string}}} Plan
 * @typedef {{sign: "+"|"-"|"~", kind: string, name: string, details: string}} Change
 * @typedef {{changes: Change[], unchanged: Record<string, string[]>}} Diff
 * @typedef {{kind: string, path: string, fields: Fields}} Fact
 * @typedef {{field: string, from: unknown, to: unknown}} Edit
 * @typedef {{outcome: string, edits: Edit[], definition: Fields|null, proved: boolean,
 *   host: {code: string, hint: string}[]}} Advice
 * @typedef {{golden: string, about: string}} Golden
 * @typedef {{golden: string, about: string, capture: string, definition: Fields, addresses: string[]}} GoldenHost
 * @typedef {{rule: string, stage: string, summary: string}} RuleHead
 * @typedef {{rule: string, ruleset: string, stage: string, file: string, summary: string, why: string,
 *   text: string}} Rule
 * @typedef {{line: number, column: number, old: string, new: string}} Fix
 * @typedef {{code: string, severity: "error"|"warning"|"note", message: string, hint: string,
 *   places: {file: string, line: number, column: number}[], fixes: Fix[]}} Finding
 * @typedef {{golden: string, kind: string, before: string, after: string, differences: string[]}} GoldenChange
 * @typedef {{goldens: number, headline: string, changed: GoldenChange[],
 *   undecided: {golden: string, problems: Problem[]}[],
 *   host: {before: string, after: string, differences: string[]}|null}} GoldenChanges
 * @typedef {{invariant: string, summary: string, file: string, rests_on: string[]}} Invariant
 * @typedef {{invariant: string, verdict: "proved"|"refuted"|"symbolic only"|"undecided", shown: string[]}} Proof
 * @typedef {{id: string, kind: string, data: any}} Sent
 * @typedef {{kind: string, step?: string, said?: string, standing?: string, advice?: string, succeeded?: boolean,
 *   problem?: Problem|null, problems?: Problem[]}} RunEvent
 * @typedef {{name: string, asked: "go"|"pause"|"stop", ended: string}} Standing
 * @typedef {{host: string, target: string, number: number, wave: number, kind: string, state: string, run: string,
 *   code: string, said: string}} RolloutHost
 * @typedef {{rollout: string, state: string, said: string, began: number, rules: {name: string}, max_failures: number,
 *   failures: number, concurrency: number, window: string, counts: Record<string, number>,
 *   waves: {wave: number, hosts: number, counts: Record<string, number>}[], hosts: RolloutHost[],
 *   listed: {name: string, code: string, message: string}[], workers: {worker: string}[]}} Rollout
 * @typedef {{name: string, said: string}} Done
 * @typedef {{run: string, host: string, network: string, began: number, state: "running"|"ended", standing: string,
 *   undoes: string|null, confirm_by: number|null, steps: Done[]}} Run
 * @typedef {{run: string, standing: string, advice: string, steps: Done[]}} Ended
 * @typedef {{host: RolloutHost, run: {run: string, steps: Done[]}|null, report: {standing: string, advice: string,
 *   problem: {code: string, message: string, hint: string}|null, steps: Done[]}|null}} RolloutHostTold
 *
 * What a request is about.
 * @typedef {{capture: string, definition: Fields, addresses: string[]}} Host
 */
export {};
