/**
 * What an address in a setting is for, as far as names tell: to be connected to, or only to be announced, shown or compared.
 *
 * The insight: a name of the cluster stands in a setting to be connected to; a public one as often to be shown to people or
 * to their browsers, who connect by themselves. So a name says more of what is outside.
 */

/** A setting by its name as variables are written, and its value. */
export interface NamedSetting {
  readonly words: string;
  readonly value: string;
}

/** Variables that tell others where to find this pod, or whom to trust, or where to listen. */
const NOT_PEERS =
  /(^|_)(IMAGE|LISTEN|LISTENER|LISTENERS|BIND|ADVERTISED?|ALLOWED|CORS|ORIGINS?|NO_PROXY|COOKIE|ISSUER|AUDIENCE|AUD|REDIRECT|CALLBACK|ROLE|ARN|VERSION|DOMAIN)(_|$)/;
/** How a pod calls itself in its traces and metrics: often the name of its Service, and never a place to connect to. */
const OWN_NAME = /^(OTEL|JAEGER|ZIPKIN|ELASTIC_APM)_SERVICE_NAME$|^DD_SERVICE$/;

/** Names of the outside that are most often the pod's own public address. */
const OWN_ADDRESS =
  /^(KC_)?HOSTNAME(_ADMIN)?(_URL)?$|^NEXTAUTH_URL$|(^|_)(PUBLIC|SITE|BASE|ROOT|FRONTEND|EXTERNAL|CANONICAL|HOME|APP|SELF|SERVER|WEB)_?(URL|URI|HOST|ADDRESS|ENDPOINT)$/;
/** What is compiled into the code that browsers run. */
const OF_BROWSERS = /^(VITE|REACT_APP|VUE_APP|NUXT_PUBLIC|NEXT_PUBLIC|EXPO_PUBLIC|GATSBY|NG_APP)_|(^|_)BROWSER(_|$)/;
/** Links, pages and pictures that people open, and where their browsers are sent to log in. */
const OF_PEOPLE =
  /(^|_)(LINKS?|RUNBOOKS?|XMLNS|REFERR?ER|USER_AGENT)(_|$)|(^|_)(DOCS?|DOCUMENTATION|HELP|HELPDESK|SUPPORT|FAQ|WIKI|CONTACT|ABOUT|PRIVACY|POLICY|TERMS|TERMS_OF_SERVICE|TERMS_OF_USE|TOS|LEGAL|IMPRINT|LOGO|ICON|FAVICON|AVATAR|BANNER|CDN|STATIC|ASSETS?|DASHBOARD|HOMEPAGE|LANDING|LOGIN|LOGOUT|SIGN_?IN|SIGN_?OUT|SIGN_?UP|SUCCESS|FAILURE|CANCEL|RETURN|ERROR|SCHEMA|NAMESPACE|ENTITY)(_PAGE)?_?(URLS?|URI|HREF|HOST|ADDRESS|ENDPOINT|ID)?$|OAUTH\w*_AUTH_URL$|(^|_)AUTHORI[SZ](E|ATION)_(URL|URI|ENDPOINT)$/;

/** Whether a setting names nobody to connect to, wherever it points. */
export function namesNoPeer(words: string): boolean {
  return NOT_PEERS.test(words) || OWN_NAME.test(words);
}

/** Whether an outside address in a setting is the pod's own, or meant for others to connect to. */
export function isShownOnly(words: string): boolean {
  return OWN_ADDRESS.test(words) || OF_BROWSERS.test(words) || OF_PEOPLE.test(words);
}

/** Of features that a setting beside switches off: `TRACING_ENABLED=false` is about all of `TRACING_`. */
export function switchedOff(settings: readonly NamedSetting[]): (words: string) => boolean {
  const features = settings.flatMap(({ words, value }) => featureOff(words, value.trim()) ?? []);
  return (words) => features.some((feature) => words === feature || words.startsWith(`${feature}_`));
}

function featureOff(words: string, value: string): string | undefined {
  const [, before, , after] = /^(?:(.+)_ENABLED?|(ENABLED?|USE)_(.+))$/.exec(words) ?? [];
  if (/^(false|no|off|0)$/i.test(value)) return before ?? after;
  const [, disabled, alsoDisabled] = /^(?:(.+?)(?:_SDK)?_DISABLED?|DISABLED?_(.+))$/.exec(words) ?? [];
  return /^(true|yes|on|1)$/i.test(value) ? (disabled ?? alsoDisabled) : undefined;
}
