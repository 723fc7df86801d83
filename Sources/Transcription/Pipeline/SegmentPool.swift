/// The segments of all files that are decoded and not recognised yet, and what is known of the files.
///
/// A value without clock or process: it says which segments make the next call, which decoder has to wait, and what a
/// call's answer means. Files are served in the order in which they came; what shares a call with a file's segments
/// has no say in its result.
package struct SegmentPool: Sendable {
    /// A file, by the order in which they came.
    package struct FileID: Sendable, Hashable, Comparable {
        package var number: Int
        package static func < (left: FileID, right: FileID) -> Bool { left.number < right.number }
    }

    package struct Item: Sendable, Equatable {
        package var file: FileID
        /// Its number in the file.
        package var index: Int
        package var segment: SpeechSegment
        /// Whether a call in which it was failed, so that its file goes by itself from now on.
        package var isApart = false
    }

    /// What a decoder is doing.
    package enum Decoding: Sendable, Equatable {
        /// More may come at any moment.
        case running
        /// It waits until others are recognised.
        case held
        case done
    }

    /// One call of the engine.
    package struct Call: Sendable, Equatable {
        package var number: Int
        package var items: [Item]
        package var language: String?
        /// Whether it is to find out the language of its file.
        package var isScout: Bool

        package var files: Set<FileID> { Set(self.items.map(\.file)) }
        package var seconds: Double { self.items.reduce(0) { $0 + $1.segment.duration } }
    }

    /// What was heard in a segment, for good.
    package struct Heard: Sendable, Equatable {
        package var item: Item
        package var result: BatchResult.Segment
    }

    /// What a failed call means.
    package enum Failure: Sendable, Equatable {
        /// Each file's part is tried once more, by itself.
        case retried
        case given(FileID)
    }

    private struct File: Sendable {
        var vote: LanguageVote
        var decoding = Decoding.running
        var isLong: Bool
        var waiting: [Item] = []
        /// What scouts heard before the language was settled, and in which language they did.
        var scouted: [(heard: Heard, language: String?)] = []
        var underWay = 0
        /// Seconds that wait or are under way.
        var held = 0.0
    }

    private let settings: PipelineSettings
    private var files: [FileID: File] = [:]
    private var order: [FileID] = []
    private var nextFile = 0
    private var nextCall = 0
    package private(set) var callsUnderWay = 0
    /// Seconds that wait or are under way.
    package private(set) var heldSeconds = 0.0

    package init(_ settings: PipelineSettings) { self.settings = settings }

    // MARK: Files

    /// - Parameter language: What is known of it beforehand; nil has it found out.
    package mutating func open(language: String?) -> FileID {
        let id = FileID(number: self.nextFile)
        self.nextFile += 1
        self.files[id] = File(vote: LanguageVote(known: language), isLong: false)
        self.order.append(id)
        return id
    }

    package mutating func setDuration(_ seconds: Double?, of id: FileID) {
        self.files[id]?.isLong = seconds.map { $0 >= self.settings.longFile } ?? false
    }

    package mutating func setDecoding(_ decoding: Decoding, of id: FileID) { self.files[id]?.decoding = decoding }

    /// An earlier run had found the language.
    package mutating func settle(language: String, of id: FileID) {
        guard self.files[id]?.vote.isSettled == false else { return }
        self.files[id]?.vote = LanguageVote(known: language)
    }

    /// The file's language as far as it is known.
    package func language(of id: FileID) -> String? { self.files[id]?.vote.winner }

    package func isLanguageSettled(of id: FileID) -> Bool { self.files[id]?.vote.isSettled ?? false }

    /// Nobody waits for the file any more.
    package mutating func close(_ id: FileID) {
        guard let file = self.files.removeValue(forKey: id) else { return }
        self.order.removeAll { $0 == id }
        self.heldSeconds -= file.held
    }

    package var isEmpty: Bool { self.files.isEmpty }

    // MARK: Segments

    /// Whether a decoder may bring more.
    ///
    /// Never while the whole is full; and a file may not fill the whole as long as others are being decoded.
    package func mayBring(_ id: FileID, _ limits: BatchLimits) -> Bool {
        guard let file = self.files[id] else { return true }
        let limit = self.settings.limit(for: limits)
        let decoding = self.files.values.count { $0.decoding != .done }
        return self.heldSeconds < limit && file.held < max(self.settings.share, limit / Double(max(1, decoding)))
    }

    package mutating func add(_ segment: SpeechSegment, index: Int, of id: FileID) {
        guard self.files[id] != nil else { return }
        self.files[id]?.waiting.append(Item(file: id, index: index, segment: segment))
        self.hold(segment.duration, of: id)
    }

    /// Segments that wait, and their seconds.
    package var waiting: (count: Int, seconds: Double) {
        self.files.values.reduce((0, 0)) { sum, file in
            (sum.0 + file.waiting.count, sum.1 + file.waiting.reduce(0) { $0 + $1.segment.duration })
        }
    }

    private mutating func hold(_ seconds: Double, of id: FileID) {
        self.files[id]?.held += seconds
        self.heldSeconds += seconds
    }

    // MARK: Calls

    /// The next call, if there should be one now.
    ///
    /// An engine that has nothing to do gets what there is. One that is busy gets the next call beforehand, but a full
    /// one, unless nothing more is coming.
    package mutating func nextCall(_ limits: BatchLimits) -> Call? {
        guard self.callsUnderWay < max(1, limits.calls) else { return nil }
        let isIdle = self.callsUnderWay == 0
        let isMoreComing = self.files.values.contains { $0.decoding == .running }
        for group in self.groups(limits) {
            let scoutSize = min(limits.segments, LanguageVote.scoutSize)
            let most = group.isScout ? BatchLimits(segments: scoutSize, paddedSeconds: limits.paddedSeconds) : limits
            let lengths = group.items.map(\.segment.duration)
            let choice = BatchPolicy.choose(lengths, most)
            guard isIdle || choice.isFull || !isMoreComing else { continue }
            return self.begin(choice.places.map { group.items[$0] }, group.language, isScout: group.isScout)
        }
        // Whatever it was that segments were to wait for, it is not coming: the rule must never hold the last ones back.
        guard isIdle, !isMoreComing,
            let file = self.order.first(where: { self.files[$0]?.waiting.isEmpty == false }),
            let items = self.files[file]?.waiting
        else { return nil }
        let isScout = limits.needsOneLanguage && self.files[file]?.vote.isSettled == false
        let choice = BatchPolicy.choose(items.map(\.segment.duration), limits)
        return self.begin(choice.places.map { items[$0] }, self.files[file]?.vote.winner, isScout: isScout)
    }

    private struct Group {
        var items: [Item]
        var language: String?
        var isScout: Bool
    }

    /// What may be in one call, the oldest file's first.
    private func groups(_ limits: BatchLimits) -> [Group] {
        enum Key: Hashable {
            case any
            case language(String)
            case file(FileID)
        }
        var keys: [Key] = []
        var groups: [Key: Group] = [:]
        for id in self.order {
            guard let file = self.files[id], !file.waiting.isEmpty else { continue }
            let isScout = limits.needsOneLanguage && !file.vote.isSettled
            if isScout, file.underWay > 0 { continue }
            var key = Key.any
            if file.waiting[0].isApart || isScout {
                key = .file(id)
            } else if limits.needsOneLanguage {
                // An engine that does not say what it heard finds out anew each time, and not for two files at once.
                key = file.vote.winner.map { .language($0) } ?? .file(id)
            }
            let items = isScout ? self.scouts(of: file) : file.waiting
            guard !items.isEmpty else { continue }
            if groups[key] == nil {
                keys.append(key)
                groups[key] = Group(items: [], language: file.vote.winner, isScout: isScout)
            }
            groups[key]?.items += items
            if groups[key]?.language != file.vote.winner { groups[key]?.language = nil }
        }
        return keys.compactMap { groups[$0] }
    }

    /// Segments from which a language can be told: not those of a long file's beginning.
    private func scouts(of file: File) -> [Item] {
        guard file.isLong, file.decoding == .running else { return file.waiting }
        let lead = Int(self.settings.leadSeconds * Double(AudioDecoder.sampleRate))
        return file.waiting.filter { ($0.segment.pieces.first?.fileStart ?? 0) >= lead }
    }

    private mutating func begin(_ items: [Item], _ language: String?, isScout: Bool) -> Call {
        let taken = Dictionary(grouping: items, by: \.file).mapValues { Set($0.map(\.index)) }
        for (id, indices) in taken {
            self.files[id]?.waiting.removeAll { indices.contains($0.index) }
            self.files[id]?.underWay += indices.count
        }
        self.callsUnderWay += 1
        defer { self.nextCall += 1 }
        return Call(number: self.nextCall, items: items, language: language, isScout: isScout)
    }

    /// An answer came.
    ///
    /// - Returns: What is heard for good by it; what a scout heard may wait until the language is settled.
    package mutating func end(_ call: Call, _ result: BatchResult) -> [Heard] {
        self.release(call)
        var heard: [Heard] = []
        for (item, segment) in zip(call.items, result.segments) where self.files[item.file] != nil {
            heard.append(Heard(item: item, result: segment))
        }
        heard.forEach { self.hold(-$0.item.segment.duration, of: $0.item.file) }
        guard call.isScout, let id = call.items.first?.file, self.files[id] != nil else { return heard }
        // Where nobody speaks there is no language either, and nothing to hear again.
        let spoken = heard.filter { !$0.result.words.isEmpty }
        if !spoken.isEmpty { self.files[id]?.vote.add(result.language, result.languageProbability) }
        self.files[id]?.scouted += spoken.map { ($0, result.language) }
        return heard.filter { $0.result.words.isEmpty } + self.settleScouts(of: id)
    }

    /// A call failed.
    package mutating func fail(_ call: Call) -> Failure {
        self.release(call)
        let files = call.files
        guard let first = files.first, files.count == 1 else {
            for item in call.items.reversed() where self.files[item.file] != nil {
                self.putBack(item)
            }
            for id in files {
                for place in self.files[id]?.waiting.indices ?? 0..<0 { self.files[id]?.waiting[place].isApart = true }
            }
            return .retried
        }
        return .given(first)
    }

    /// Nothing more comes of the file's audio and nothing is left to ask: what scouts heard counts as it is.
    package mutating func settleWhatIsLeft(of id: FileID) -> [Heard] {
        guard let file = self.files[id], file.decoding == .done, file.waiting.isEmpty, file.underWay == 0,
            !file.scouted.isEmpty
        else { return [] }
        self.files[id]?.vote.close()
        return self.settleScouts(of: id)
    }

    private mutating func release(_ call: Call) {
        self.callsUnderWay -= 1
        for (id, count) in Dictionary(call.items.map { ($0.file, 1) }, uniquingKeysWith: +) {
            self.files[id]?.underWay -= count
        }
    }

    private mutating func settleScouts(of id: FileID) -> [Heard] {
        guard let file = self.files[id], file.vote.isSettled else { return [] }
        self.files[id]?.scouted = []
        var heard: [Heard] = []
        for (scouted, language) in file.scouted {
            if language == file.vote.winner {
                heard.append(scouted)
            } else {
                // It was listened to in another language than the file is in.
                self.putBack(scouted.item)
                self.hold(scouted.item.segment.duration, of: id)
            }
        }
        return heard
    }

    private mutating func putBack(_ item: Item) {
        guard let waiting = self.files[item.file]?.waiting else { return }
        let place = waiting.firstIndex { $0.index > item.index } ?? waiting.count
        self.files[item.file]?.waiting.insert(item, at: place)
    }
}
