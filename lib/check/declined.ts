/** Why a fix is left to a person. */
export class Declined extends Error {}
