/// Which prompts a recording is made of, and how long it is silent between them.
///
/// A value: everything is decided here, in samples, before any audio is touched. The same clips and options give the
/// same composition.
package struct Composition: Sendable, Equatable {
    package struct Options: Sendable, Equatable {
        /// What the order and the pauses are drawn from.
        package var seed: UInt64 = 1
        /// Whether the prompts come in random order; otherwise as they were given.
        package var shuffles = true
        /// The recording ends with the prompt that makes it at least this long; nil for all prompts.
        package var seconds: Double?
        /// Seconds of silence between two prompts.
        package var pause: ClosedRange<Double> = 0.5...1
        /// How many prompts make a chapter; nil for a recording without chapters.
        package var chapterLength: Int?
        /// Seconds of silence between two chapters.
        package var chapterPause: ClosedRange<Double> = 2.5...4

        package init(
            seed: UInt64 = 1, shuffles: Bool = true, seconds: Double? = nil, pause: ClosedRange<Double> = 0.5...1,
            chapterLength: Int? = nil, chapterPause: ClosedRange<Double> = 2.5...4
        ) {
            self.seed = seed
            self.shuffles = shuffles
            self.seconds = seconds
            self.pause = pause
            self.chapterLength = chapterLength
            self.chapterPause = chapterPause
        }
    }

    /// A prompt at its place.
    package struct Part: Sendable, Equatable {
        /// The clip's index among those that were given.
        package var clip: Int
        /// Samples of silence before it.
        package var silence: Int
        /// Where it begins, in samples from the start of the recording.
        package var start: Int
    }

    package static let sampleRate = 16_000

    package var parts: [Part]
    /// The length of the recording in samples, with a short silence at its end.
    package var length: Int

    /// Arranges clips of the given lengths, in samples.
    package init(lengths: [Int], options: Options) {
        var generator = SeededGenerator(seed: options.seed)
        let indices = Array(lengths.indices)
        let order = options.shuffles ? generator.shuffled(indices) : indices
        let wanted = options.seconds.map { Int($0 * Double(Self.sampleRate)) } ?? .max
        self.parts = []
        self.length = 0
        for clip in order where self.length < wanted {
            let startsChapter = options.chapterLength.map { self.parts.count.isMultiple(of: $0) } ?? false
            let isBetweenChapters = startsChapter && !self.parts.isEmpty
            let seconds = generator.double(in: isBetweenChapters ? options.chapterPause : options.pause)
            let silence = Int(seconds * Double(Self.sampleRate))
            self.parts.append(Part(clip: clip, silence: silence, start: self.length + silence))
            self.length += silence + lengths[clip]
        }
        self.length += Self.sampleRate / 2
    }
}
