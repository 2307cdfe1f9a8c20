export { ffmpegArguments, type Place } from './ffmpeg-args.js';
export {
  type FfmpegEnvironment,
  type FfmpegJob,
  FfmpegProgram,
  type FfmpegState,
  type OutputsInUse,
} from './ffmpeg-program.js';
export { inputPlace, type OutputPlace, outputPlace, rtmpPlace, secretsIn } from './places.js';
