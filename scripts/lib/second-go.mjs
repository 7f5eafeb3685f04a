/** Of a first go's error: what programs wrote comes last as a rule. */
const SHOWN_LINES = 60;

/**
 * A Vitest reporter that names every test which passed at its second go only. Tests beside real servers get one: a busy
 * machine can starve a server or another process for longer than any patience; what fails twice fails.
 */
export default class SecondGo {
  #tests = [];

  onTestCaseResult(test) {
    if (test.diagnostic()?.flaky === true)
      this.#tests.push([test.module.relativeModuleId, test.fullName, test.result().errors?.[0]?.message]);
  }

  onTestRunEnd() {
    if (this.#tests.length === 0) return;
    console.log(`\n${this.#tests.length} passed at the second go only:`);
    for (const [file, name, error = ""] of this.#tests)
      console.log([`  ${file} > ${name}`, ...String(error).split("\n").slice(-SHOWN_LINES)].join("\n    "));
  }
}
