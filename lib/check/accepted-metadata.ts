/** The type of the metadata by which constructs accept lessons: those who judge a construct tree without loading cdk8s know it by this. */
export const ACCEPTED_METADATA = 'cdk8s-hindsight:accept';
