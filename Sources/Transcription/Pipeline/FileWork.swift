import CastCore
import Synchronization

/// What has become of one file so far.
struct FileWork: Sendable {
    /// A stretch that no words can come from.
    struct Gap: Sendable, Equatable {
        enum Reason: Sendable, Equatable {
            /// It was left out.
            case silence
            /// There is sound, but nobody speaks.
            case music
            /// The engine could not take it, and why.
            case failed(String)
        }

        var start: Double
        var end: Double
        var reason: Reason
    }

    /// A silence, or music, of so many seconds is worth a note.
    private static let longGap = 10.0

    let progress: ProgressTeller
    /// Rung when the file's decoder may go on, and when something about the file is decided.
    let bell = Bell()
    var checkpoint: Checkpoint?
    /// Seconds, as the file says.
    var duration: Double?
    var failure: (any Error)?
    /// Calls whose results are here and not written down yet; the file does not fail before they are.
    var unwritten = 0
    var engine: String?
    private var gaps: [Gap] = []

    private var words: [[Transcript.Word]?] = []
    /// How many seconds of the file each segment stands for, with the silence before it.
    private var spans: [Double] = []
    private var lastEnd = 0.0
    private(set) var answered = 0
    private var heardSeconds = 0.0
    private var lostSeconds = 0.0
    private var doneSeconds = 0.0

    init(onProgress: @escaping @Sendable (Double) -> Void) { self.progress = ProgressTeller(onProgress) }

    /// A segment was cut.
    ///
    /// - Returns: Its number.
    mutating func expect(_ segment: SpeechSegment) -> Int {
        let begun = self.lastEnd
        for (place, piece) in segment.pieces.enumerated() {
            self.noteSilence(until: Double(piece.fileStart) / Double(AudioDecoder.sampleRate))
            let isLast = place + 1 == segment.pieces.count
            let end = isLast ? segment.samples.count : segment.pieces[place + 1].start
            self.lastEnd = Double(piece.fileStart + end - piece.start) / Double(AudioDecoder.sampleRate)
        }
        self.spans.append(max(0, self.lastEnd - begun))
        self.words.append(nil)
        return self.words.count - 1
    }

    /// A segment was recognised, now or in an earlier run.
    mutating func answer(_ index: Int, _ segment: SpeechSegment, _ entry: Checkpoint.Entry) {
        guard self.words.indices.contains(index), self.words[index] == nil else { return }
        self.words[index] = entry.words
        self.answered += 1
        self.doneSeconds += self.spans[index]
        self.engine = entry.engine ?? self.engine
        let start = Double(segment.pieces.first?.fileStart ?? 0) / Double(AudioDecoder.sampleRate)
        let end = Double(segment.fileEnd) / Double(AudioDecoder.sampleRate)
        if let reason = entry.failure {
            self.lostSeconds += segment.duration
            self.note(Gap(start: start, end: end, reason: .failed(reason)))
        } else {
            self.heardSeconds += segment.duration
            if entry.isSpeechless == true { self.note(Gap(start: start, end: end, reason: .music)) }
        }
    }

    /// Notes that nothing was heard from the last segment's end on, if that is long.
    mutating func noteSilence(until time: Double) {
        guard time - self.lastEnd >= Self.longGap else { return }
        self.note(Gap(start: self.lastEnd, end: time, reason: .silence))
    }

    private mutating func note(_ gap: Gap) {
        self.gaps.insert(gap, at: self.gaps.firstIndex { $0.start > gap.start } ?? self.gaps.count)
    }

    /// In order; music that goes on through several segments is one, and little of it is none.
    var allGaps: [Gap] {
        var all: [Gap] = []
        for gap in self.gaps {
            if gap.reason == .music, let last = all.last, last.reason == .music, gap.start - last.end < 1 {
                all[all.count - 1].end = gap.end
            } else {
                all.append(gap)
            }
        }
        return all.filter { $0.reason != .music || $0.end - $0.start >= Self.longGap }
    }

    /// Why the engine could not take what it could not.
    var failureReason: String? {
        for case .failed(let reason) in self.gaps.map(\.reason) { return reason }
        return nil
    }

    var isAnswered: Bool { self.answered == self.words.count }

    var allWords: [Transcript.Word] { self.words.flatMap { $0 ?? [] } }

    /// The share of the file's sound that no engine could take, 0 to 1.
    var lostShare: Double {
        let all = self.heardSeconds + self.lostSeconds
        return all > 0 ? self.lostSeconds / all : 0
    }

    /// How far the file is, 0 to 1; nil when nobody knows how long it is.
    var share: Double? { self.duration.flatMap { $0 > 0 ? min(1, self.doneSeconds / $0) : nil } }
}

/// Tells how far a file is, in order, and not more than once a percent.
final class ProgressTeller: Sendable {
    private let told = Mutex(0.0)
    private let onProgress: @Sendable (Double) -> Void

    init(_ onProgress: @escaping @Sendable (Double) -> Void) { self.onProgress = onProgress }

    func tell(_ share: Double) {
        self.told.withLock { told in
            guard share >= told + 0.01 || (share >= 1 && told < 1) else { return }
            told = share
            self.onProgress(share)
        }
    }
}
