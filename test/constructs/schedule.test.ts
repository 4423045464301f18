import { Chart, App } from 'cdk8s';
import { Input } from '../../lib/constructs/input';
import { schedule } from '../../lib/constructs/schedule';

const HOUR = 3600;
const DAY = 24 * HOUR;

describe('the longest time between two runs', () => {
  test.each([
    ['0 18 * * *', DAY],
    ['*/15 * * * *', HOUR / 4],
    ['0 */6 * * *', 6 * HOUR],
    ['*/5 9-17 * * *', 15 * HOUR + 5 * 60],
    ['*/5 9-17 * * MON-FRI', 2 * DAY + 15 * HOUR + 5 * 60],
    ['0 4 1 * *', 31 * DAY],
    ['0 4 31 * *', 61 * DAY],
    ['0 0 1 jan *', 366 * DAY],
    ['0 0 29 2 *', 1461 * DAY],
    ['0 0 1 * 1', 7 * DAY],
    ['0 0 */2 * 1', 21 * DAY],
  ])('of %s is %d seconds', (text, seconds) => {
    const chart = new Chart(new App(), 'shop');
    expect(schedule(new Input(chart), text)).toEqual({ text, longestGapSeconds: seconds });
    expect(chart.node.validate()).toEqual([]);
  });
});
