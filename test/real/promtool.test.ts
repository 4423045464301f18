import { unlessFiring } from './promtool';
import { describeWith } from './tools';

const groups = [
  {
    name: 'example',
    rules: [{ alert: 'Stale', expr: 'time() - last_success_seconds > 3600', for: '5m', labels: { severity: 'critical' } }],
  },
];

describeWith(['promtool'], 'promtool', () => {
  const series = { 'last_success_seconds{job="a"}': '0x200', 'last_success_seconds{job="b"}': '0+60x200' };

  test('tells that an alert fires, and how often', async () => {
    expect(await unlessFiring({ groups, series, at: '70m', alert: 'Stale' }, 1)).toBeNull();
  });

  test('tells that an alert is silent: not yet due, or still pending', async () => {
    expect(await unlessFiring({ groups, series, at: '50m', alert: 'Stale' }, 0)).toBeNull();
    expect(await unlessFiring({ groups, series, at: '63m', alert: 'Stale' }, 0)).toBeNull();
  });

  test('fails where the expectation is wrong in either direction', async () => {
    expect(await unlessFiring({ groups, series, at: '70m', alert: 'Stale' }, 0)).toContain('FAILED');
    expect(await unlessFiring({ groups, series, at: '50m', alert: 'Stale' }, 1)).toContain('FAILED');
  });

  test('fails where a rule does not parse', async () => {
    const broken = [{ name: 'broken', rules: [{ alert: 'Broken', expr: 'sum(' }] }];
    expect(await unlessFiring({ groups: broken, series, at: '50m', alert: 'Broken' }, 0)).toContain('FAILED');
  });
});
