import { probeBudgetSeconds, progressDeadlineSeconds, startupBudget } from '../../lib/lessons/startup-budget';
import { told } from './told';

test('counts a probe from the start of the container with the defaults of Kubernetes', () => {
  expect(probeBudgetSeconds({})).toBe(30);
  expect(probeBudgetSeconds({ initialDelaySeconds: 90, periodSeconds: 10, failureThreshold: 3 })).toBe(120);
});

test('leaves time for an image pull before the start', () => {
  expect(progressDeadlineSeconds(240)).toBe(420);
});

function deployment(container: string): string {
  return `apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: was, namespace: blog}\nspec: {selector: {}, template: {spec: {containers: [${container}]}}}\n`;
}

test.each([
  ['its command', 'image: "x:1", command: [java, -jar, /app.jar]'],
  ['"jdk17" in its image', 'image: "ghcr.io/example/board:v2-jdk17"'],
  ['its variable JAVA_TOOL_OPTIONS', 'image: "x:1", env: [{name: JAVA_TOOL_OPTIONS, value: -Xmx256m}]'],
  ['the JDBC address in DB_URL', 'image: "x:1", env: [{name: DB_URL, value: "jdbc:mysql://mysql/blog"}]'],
  ['its name', 'image: "x:1"'],
])('says what it took for a JVM: %s', (sign, rest) => {
  const name = sign === 'its name' ? 'spring-boot' : 'was';
  expect(told(startupBudget, deployment(`{name: ${name}, ${rest}, livenessProbe: {tcpSocket: {port: 8080}}}`))).toEqual([
    `warning /spec/template/spec/containers/0/livenessProbe: Deployment blog/was: container ${name} seems to run a JVM (${sign}) and is killed when it has not started within 30 seconds: a slow start is taken for a failure and begins again`,
  ]);
});

test('adds sidecars, which start one after the other, and minReadySeconds to the start', () => {
  const probe = '{tcpSocket: {port: 1}, periodSeconds: 10, failureThreshold: 20}';
  const yaml = `apiVersion: apps/v1
kind: Deployment
metadata: {name: was, namespace: blog}
spec:
  minReadySeconds: 30
  progressDeadlineSeconds: 420
  template:
    spec:
      initContainers: [{name: proxy, image: "proxy:1", restartPolicy: Always, startupProbe: ${probe}}]
      containers: [{name: app, image: "app:1", startupProbe: ${probe}}]
`;
  expect(told(startupBudget, yaml)).toEqual([
    'warning /spec/progressDeadlineSeconds: Deployment blog/was: a pod may take 430 seconds to become available and a progress deadline of 420 seconds calls the update failed before',
  ]);
});
