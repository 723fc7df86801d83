/// A program that recognises: turns a batch of segments into words with times.
package protocol SpeechEngine: Sendable {
    /// What a call should and may hold.
    ///
    /// Read anew for each batch: it changes when the engine has said what suits its device, and when its memory was not
    /// enough.
    var limits: BatchLimits { get }

    /// Recognises a batch; the segments may be of several files.
    ///
    /// A segment that the engine cannot take is answered as a failure of its own; the others keep their words.
    ///
    /// - Parameter language: ISO 639-1 code of all segments; nil lets the engine find out.
    /// - Returns: One result a segment, in the segments' order.
    /// - Throws: `CastError` with `.engineFailed` or `.unavailable`; `.invalid` for a language the model does not know.
    func recognise(_ segments: [SpeechSegment], language: String?) async throws -> BatchResult
}

/// What one call of an engine should and may hold.
package struct BatchLimits: Sendable, Equatable {
    /// Segments that keep the machine busy; a call holds no more.
    package var segments: Int
    /// Most seconds of audio in a call, each segment counted as long as the longest one beside it.
    package var paddedSeconds: Double
    /// Whether a call takes as long as its longest segment makes it, so that segments of like length belong together.
    ///
    /// Whisper computes half a minute whatever it gets; there it does not matter.
    package var wantsLikeLengths: Bool
    /// Whether all segments of a call have to be of one language; those whose language nobody knows are then of one file.
    package var needsOneLanguage: Bool
    /// Calls that should be under way at a time, so that the next batch is there when the engine has done one.
    package var calls: Int

    package init(
        segments: Int, paddedSeconds: Double = .infinity, wantsLikeLengths: Bool = false,
        needsOneLanguage: Bool = true, calls: Int = 2
    ) {
        self.segments = segments
        self.paddedSeconds = paddedSeconds
        self.wantsLikeLengths = wantsLikeLengths
        self.needsOneLanguage = needsOneLanguage
        self.calls = calls
    }
}

/// What an engine makes of a batch.
package struct BatchResult: Sendable, Equatable {
    /// A word with times in seconds from the start of its segment.
    package struct Word: Sendable, Equatable {
        package var text: String
        package var start: Double
        package var end: Double
        package var probability: Double?

        package init(text: String, start: Double, end: Double, probability: Double?) {
            self.text = text
            self.start = start
            self.end = end
            self.probability = probability
        }
    }

    /// What became of one segment.
    package struct Segment: Sendable, Equatable {
        package var words: [Word]
        /// Why the engine could not take it; it then has no words, and a gap is marked in its place.
        package var failure: String?
        /// Whether the engine left it out, since there is sound in it, but nobody speaks.
        package var isSpeechless: Bool

        package init(_ words: [Word], failure: String? = nil, isSpeechless: Bool = false) {
            self.words = words
            self.failure = failure
            self.isSpeechless = isSpeechless
        }
    }

    package var segments: [Segment]
    /// The language that was found, or the one that was asked for; nil when the engine does not say.
    package var language: String?
    package var languageProbability: Double?
    /// The program with its version, for example `faster-whisper 1.2.1`.
    package var engine: String

    package init(segments: [Segment], language: String?, languageProbability: Double?, engine: String) {
        self.segments = segments
        self.language = language
        self.languageProbability = languageProbability
        self.engine = engine
    }
}
