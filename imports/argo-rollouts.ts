/** Kinds of Argo Rollouts, and what a Rollout is made of. */
export type { IAnalysisTemplate as AnalysisTemplate } from '@kubernetes-models/argo-rollouts/argoproj.io/v1alpha1/AnalysisTemplate';
export type { ICanaryStep as CanaryStep } from '@kubernetes-models/argo-rollouts/argoproj.io/v1alpha1/CanaryStep';
export type { ICanaryStrategy as CanaryStrategy } from '@kubernetes-models/argo-rollouts/argoproj.io/v1alpha1/CanaryStrategy';
export type { IClusterAnalysisTemplate as ClusterAnalysisTemplate } from '@kubernetes-models/argo-rollouts/argoproj.io/v1alpha1/ClusterAnalysisTemplate';
export type { IExperiment as Experiment } from '@kubernetes-models/argo-rollouts/argoproj.io/v1alpha1/Experiment';
export type { IRollout as Rollout } from '@kubernetes-models/argo-rollouts/argoproj.io/v1alpha1/Rollout';
export type { IRolloutSpec as RolloutSpec } from '@kubernetes-models/argo-rollouts/argoproj.io/v1alpha1/RolloutSpec';
export type { IRolloutStrategy as RolloutStrategy } from '@kubernetes-models/argo-rollouts/argoproj.io/v1alpha1/RolloutStrategy';
