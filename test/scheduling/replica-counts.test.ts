import { Field } from '../../lib/manifest/field';
import {
  basicCanary,
  closestCounts,
  type Controller,
  oneByOne,
  type Pods,
  recreate,
  rollingUpdate,
  type Scale,
  trafficRoutedCounts,
} from '../../lib/scheduling/replica-counts';
import { boundsOf } from '../../lib/scheduling/update-plan';

/** What argo-rollouts v1.9 answers: replicas, maxSurge, then `weight:canary+stable`. */
const CLOSEST: readonly (readonly [number, number, string])[] = [
  [0, 0, '0:0+0 50:0+0 100:0+0'],
  [0, 1, '0:0+0 50:0+0 100:0+0'],
  [1, 0, '0:0+1 1:0+1 49:0+1 50:1+0 99:1+0 100:1+0'],
  [1, 1, '0:0+1 1:1+1 49:1+1 50:1+1 99:1+1 100:1+0'],
  [2, 0, '0:0+2 1:1+1 50:1+1 99:1+1 100:2+0'],
  [2, 1, '0:0+2 1:1+2 50:1+1 99:2+1 100:2+0'],
  [3, 0, '10:1+2 25:1+2 33:1+2 34:1+2 49:1+2 50:2+1'],
  [3, 1, '10:1+3 25:1+3 33:1+2 34:1+2 49:2+2 50:2+2'],
  [10, 1, '0:0+10 100:10+0 1:1+10 18:2+9 19:2+9 20:2+8 23:2+8 24:3+8 25:3+8 99:10+1'],
  [10, 0, '1:1+9 14:1+9 15:2+8 16:2+8 99:9+1'],
];

describe('the counts closest to a weight', () => {
  test.each(CLOSEST)('are those of Argo Rollouts for %i replicas and a surge of %i', (replicas, maxSurge, expected) => {
    const answers = expected.split(' ').map((entry) => {
      const weight = Number(entry.split(':')[0]);
      const { canary, stable } = closestCounts(replicas, weight, maxSurge);
      return `${weight}:${canary}+${stable}`;
    });
    expect(answers.join(' ')).toBe(expected);
  });

  test('follow a maximum weight other than 100', () => {
    expect(closestCounts(10, 200, 0, 1000)).toEqual({ stable: 8, canary: 2 });
  });
});

/** Replicas, weight, maxSurge, maxUnavailable, stable and canary as wanted/available, pods of older revisions, next stable+canary. */
const MOVES: readonly (readonly [number, number, number | string, number | string, string, string, number, string])[] = [
  [10, 100, 3, 0, '7/8', '6/3', 0, '7+6'],
  [10, 20, 2, 0, '10/10', '0/0', 0, '10+2'],
  [10, 20, '20%', 0, '10/10', '0/0', 0, '10+2'],
  [10, 20, '20%', 0, '10/10', '2/2', 0, '8+2'],
  [10, 30, 2, 0, '10/10', '0/0', 0, '10+2'],
  [10, 20, 0, 2, '10/10', '0/0', 0, '8+0'],
  [10, 20, 0, '20%', '10/10', '0/0', 0, '8+0'],
  [10, 30, 0, 2, '10/10', '0/0', 0, '8+0'],
  [10, 50, 2, 1, '10/10', '0/0', 0, '9+2'],
  [10, 0, 1, 1, '10/10', '1/1', 0, '10+0'],
  [10, 100, 1, 1, '1/1', '10/10', 0, '0+10'],
  [1, 20, 1, 0, '1/1', '0/0', 0, '1+1'],
  [1, 90, 1, 0, '1/1', '0/0', 0, '1+1'],
  [1, 49, 0, 1, '1/1', '0/0', 0, '1+0'],
  [1, 51, 0, 1, '1/1', '0/0', 0, '0+0'],
  [1, 51, 0, 1, '0/0', '0/0', 0, '0+1'],
  [10, 30, 1, 0, '1/1', '0/0', 3, '7+1'],
  [10, 30, 0, 3, '8/5', '4/4', 0, '7+3'],
  [10, 100, 1, 0, '10/2', '10/8', 0, '2+9'],
  [10, 30, 0, 1, '8/6', '4/2', 3, '8+4'],
  [10, 5, 0, 1, '10/10', '0/0', 0, '9+0'],
  [10, 5, 0, 1, '9/9', '0/0', 0, '9+1'],
  [10, 10, '0%', '0%', '10/10', '0/0', 0, '9+0'],
  [10, 20, '20%', 0, '10/10', '0/0', 0, '10+2'],
  [4, 100, 1, 0, '4/1', '0/0', 0, '4+1'],
  [3, 99, 0, 2, '3/3', '0/0', 0, '1+0'],
  [3, 99, 0, 2, '1/1', '0/0', 0, '1+2'],
  [4, 0, 1, 0, '0/0', '4/4', 0, '1+4'],
  [4, 0, 1, 0, '1/0', '4/4', 0, '1+4'],
  [4, 0, 1, 0, '1/1', '4/4', 0, '1+3'],
  [4, 100, 4, 4, '4/4', '0/0', 0, '0+4'],
  [4, 100, 3, 0, '4/4', '0/0', 0, '4+3'],
];

describe('a basic canary', () => {
  test.each(MOVES)(
    'of %i at weight %i with surge %s and unavailable %s moves from %s and %s (older: %i) to %s, as Argo Rollouts does',
    (replicas, weight, maxSurge, maxUnavailable, stable, canary, older, expected) => {
      const bounds = boundsOf(new Field({ maxSurge, maxUnavailable }), replicas);
      const next = basicCanary(closestCounts(replicas, weight, bounds.maxSurge), bounds, older)(podsOf(stable), podsOf(canary));
      expect(textOf(next)).toBe(expected);
    },
  );

  /** Replicas, surge, unavailable, stable+canary at rest after 20, 50, 80 and 100 percent, most pods ever asked for. */
  const COURSES: readonly (readonly [number, number | string, number | string, string, number])[] = [
    [1, '25%', '25%', '1+1 1+1 1+1 0+1', 2],
    [1, 0, 1, '1+0 0+1 0+1 0+1', 1],
    [2, '25%', '25%', '2+1 1+1 1+2 0+2', 3],
    [2, 0, 1, '1+1 1+1 1+1 0+2', 2],
    [3, '25%', '25%', '3+1 2+2 1+3 0+3', 4],
    [3, 0, 1, '2+1 1+2 1+2 0+3', 3],
    [4, '25%', '25%', '4+1 2+2 1+4 0+4', 5],
    [5, '25%', '25%', '4+1 3+3 1+4 0+5', 6],
    [10, '25%', '25%', '8+2 5+5 2+8 0+10', 11],
  ];

  test.each(COURSES)('of %i with surge %s and unavailable %s comes to rest at %s', (replicas, maxSurge, maxUnavailable, expected, peak) => {
    const bounds = boundsOf(new Field({ maxSurge, maxUnavailable }), replicas);
    let scale: Scale = { stable: replicas, canary: 0 };
    let most = replicas;
    const rests = [20, 50, 80, 100].map((weight) => {
      scale = rest(basicCanary(closestCounts(replicas, weight, bounds.maxSurge), bounds), scale, ({ stable, canary }) => {
        most = Math.max(most, stable + canary);
      });
      return textOf(scale);
    });
    expect(rests.join(' ')).toBe(expected);
    expect(most).toBe(peak);
  });
});

describe('a traffic-routed canary', () => {
  const settings = { replicas: 10, maxWeight: 100, minPodsPerReplicaSet: 0, dynamicStableScale: false };

  test('keeps the stable pods and rounds the canary up', () => {
    expect(trafficRoutedCounts({ weight: 5 }, settings, 100)).toEqual({ stable: 10, canary: 1 });
    expect(trafficRoutedCounts({ weight: 100 }, settings, 5)).toEqual({ stable: 10, canary: 10 });
  });

  test('takes an explicit number or weight of the canary, which may exceed the replicas', () => {
    expect(trafficRoutedCounts({ weight: 0, replicas: 9 }, { ...settings, replicas: 1 }, 100)).toEqual({ stable: 1, canary: 9 });
    expect(trafficRoutedCounts({ weight: 200 }, { ...settings, replicas: 4 }, 100)).toEqual({ stable: 4, canary: 8 });
  });

  test('has at least minPodsPerReplicaSet pods unless it has none', () => {
    expect(trafficRoutedCounts({ weight: 5 }, { ...settings, minPodsPerReplicaSet: 2 }, 100)).toEqual({ stable: 10, canary: 2 });
    expect(trafficRoutedCounts({ weight: 0 }, { ...settings, minPodsPerReplicaSet: 2 }, 100)).toEqual({ stable: 10, canary: 0 });
  });

  test('shrinks the stable pods with their traffic where it is told to, and not before', () => {
    const dynamic = { ...settings, dynamicStableScale: true };
    expect(trafficRoutedCounts({ weight: 30 }, dynamic, 100)).toEqual({ stable: 10, canary: 3 });
    expect(trafficRoutedCounts({ weight: 30 }, dynamic, 70)).toEqual({ stable: 7, canary: 3 });
    expect(trafficRoutedCounts({ weight: 0, replicas: 4 }, dynamic, 70)).toEqual({ stable: 10, canary: 4 });
  });

  test('counts weights against the maximum of its router', () => {
    expect(trafficRoutedCounts({ weight: 250 }, { ...settings, maxWeight: 1000 }, 1000)).toEqual({ stable: 10, canary: 3 });
  });
});

describe('a Deployment', () => {
  test('rolls within surge and unavailable', () => {
    const seen: string[] = [];
    const end = rest(rollingUpdate({ replicas: 3, maxSurge: 1, maxUnavailable: 0 }), { stable: 3, canary: 0 }, (scale) =>
      seen.push(textOf(scale)),
    );
    expect(textOf(end)).toBe('0+3');
    expect(seen).toEqual(['3+1', '2+1', '2+2', '1+2', '1+3', '0+3']);
  });

  test('takes old pods away while a new one waits only as far as it may', () => {
    const waiting = { wanted: 1, available: 0 };
    expect(textOf(rollingUpdate({ replicas: 3, maxSurge: 1, maxUnavailable: 0 })({ wanted: 3, available: 3 }, waiting))).toBe('3+1');
    expect(textOf(rollingUpdate({ replicas: 3, maxSurge: 1, maxUnavailable: 1 })({ wanted: 3, available: 3 }, waiting))).toBe('2+1');
  });

  test('recreates from nothing', () => {
    const seen: string[] = [];
    rest(recreate(2), { stable: 2, canary: 0 }, (scale) => seen.push(textOf(scale)));
    expect(seen).toEqual(['0+0', '0+2']);
  });
});

test('a StatefulSet replaces one pod at a time and waits for it', () => {
  expect(textOf(oneByOne({ wanted: 3, available: 3 }, { wanted: 0, available: 0 }))).toBe('2+1');
  expect(textOf(oneByOne({ wanted: 2, available: 2 }, { wanted: 1, available: 0 }))).toBe('2+1');
});

function podsOf(text: string): Pods {
  const [wanted, available] = text.split('/').map(Number);
  return { wanted: wanted ?? 0, available: available ?? 0 };
}

function textOf({ stable, canary }: Scale): string {
  return `${stable}+${canary}`;
}

/** Lets a controller work on a cluster that runs everything at once. */
function rest(controller: Controller, from: Scale, onMove: (scale: Scale) => void): Scale {
  let scale = from;
  for (;;) {
    const next = controller({ wanted: scale.stable, available: scale.stable }, { wanted: scale.canary, available: scale.canary });
    if (next.stable === scale.stable && next.canary === scale.canary) return scale;
    scale = next;
    onMove(scale);
  }
}
