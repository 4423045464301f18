/** Which containers run a Java virtual machine: nothing in a manifest says so outright, so every answer names its sign. */
import type { Container } from './container';

/** Words of an image's name or tag that stand for a JVM: runtimes, and products that are slow to start on one. */
const JVM_WORD =
  /^(java|jdk|jre|openjdk|graalvm|temurin|corretto|amazoncorretto|zulu|semeru|liberica|spring|springboot|tomcat|jetty|wildfly|jboss|payara|liberty|keycloak|jenkins|sonarqube|nexus|nexus3|elasticsearch|opensearch|cassandra)\d*$/;

/** Images that carry such a word and are something else: they watch the JVM, or are compiled without one. */
const NO_JVM = /^(exporter|operator|native|agent|proxy|plugin|plugins|sidecar|backup)$/;

const JVM_VARIABLE =
  /^(JAVA_OPTS|JAVA_TOOL_OPTIONS|JAVA_ARGS|_JAVA_OPTIONS|JDK_JAVA_OPTIONS|JVM_OPTS|JVM_ARGS|CATALINA_OPTS|ES_JAVA_OPTS|KAFKA_HEAP_OPTS|SPRING_.+|MICRONAUT_.+)$/;

/** What shows that a container runs a JVM. @returns undefined when nothing does */
export function javaSignOf(container: Container): string | undefined {
  const words = wordsOf(container.image);
  if (words.some((word) => NO_JVM.test(word))) return undefined;
  if (container.commandLine.some((word) => /(^|[\s/;&])java(\s|$)|catalina\.sh|\.jar$|\.jar\s/.test(word))) return 'its command';
  const word = words.find((candidate) => JVM_WORD.test(candidate));
  if (word !== undefined) return `"${word}" in its image`;
  const variable = container.env.find(({ name }) => JVM_VARIABLE.test(name));
  if (variable !== undefined) return `its variable ${variable.name}`;
  const jdbc = container.env.find(({ value }) => value?.startsWith('jdbc:') === true);
  if (jdbc !== undefined) return `the JDBC address in ${jdbc.name}`;
  const probes = ['livenessProbe', 'readinessProbe', 'startupProbe'];
  const actuator = probes.find((probe) => container.at(probe, 'httpGet', 'path').string?.includes('/actuator/') === true);
  if (actuator !== undefined) return `the path of its ${actuator}`;
  return JVM_WORD.test(container.name) || /^(spring-boot|spring)$/.test(container.name) ? 'its name' : undefined;
}

/** The words of an image's path and tag, without the host of its registry. */
function wordsOf(image: string): readonly string[] {
  const path = (image.split('@')[0] ?? '').replace(/^(localhost|[^/]*[.:][^/]*)\//, '');
  return path.toLowerCase().split(/[-_./:]/);
}
