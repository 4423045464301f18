import { explain } from '../../lib/cli/explain';

test('explain tells the incident of a lesson', () => {
  const { text, exitCode } = explain('sidecar-annotation-misplaced');
  expect(text).toContain('- Symptom: a backup job hangs in Init:0/2');
  expect(text).toContain('sidecar.istio.io/inject: "false" # <- here');
  expect(exitCode).toBe(0);
});

test('fails for an unknown lesson and names the one that was probably meant', () => {
  expect(explain('sidecar-anotation-misplace')).toEqual({
    error: 'no lesson is called "sidecar-anotation-misplace"; did you mean sidecar-annotation-misplaced?',
    exitCode: 2,
  });
});

test('fails for a name that is near to none and says where all are', () => {
  expect(explain('x')).toEqual({ error: 'no lesson is called "x"; `hindsight lessons` lists them', exitCode: 2 });
});
