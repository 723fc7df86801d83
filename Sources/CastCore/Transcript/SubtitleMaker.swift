/// Makes subtitles of a transcript: cuts sentences where a reader pauses, and shows each for as long as it takes to read.
enum SubtitleMaker {
    typealias Piece = SubtitleText.Piece

    /// In order, never two at once, every word in one of them.
    static func subtitles(_ transcript: Transcript) -> [Subtitle] {
        var groups = SubtitleText(transcript).sentences.flatMap(self.cut)
        groups = self.withoutFlashes(groups)
        return self.timed(groups)
    }

    // MARK: Cutting

    /// A pause of so many seconds within a sentence begins a new subtitle.
    private static let pause = 1.0

    /// A sentence in parts that each fit on the screen, as even as they can be, cut behind commas rather than elsewhere.
    private static func cut(_ pieces: [Piece]) -> [[Piece]] {
        // The cheapest way to cut the first n pieces, and where its last part begins.
        var best: [(cost: Double, from: Int)] = [(0, 0)]
        for end in 1...max(1, pieces.count) where !pieces.isEmpty {
            var choice = (cost: Double.infinity, from: end - 1)
            for from in stride(from: end - 1, through: 0, by: -1) {
                let part = pieces[from..<end]
                guard end - from == 1 || self.fits(part) else { break }
                let cost = best[from].cost + self.cost(of: part, isLast: end == pieces.count)
                if cost < choice.cost { choice = (cost, from) }
            }
            best.append(choice)
        }
        var parts: [[Piece]] = []
        var end = pieces.count
        while end > 0 {
            parts.append(Array(pieces[best[end].from..<end]))
            end = best[end].from
        }
        return parts.reversed()
    }

    private static func fits(_ part: ArraySlice<Piece>) -> Bool {
        guard let first = part.first, let last = part.last, last.end - first.start <= Subtitle.longest else {
            return false
        }
        for (piece, next) in zip(part, part.dropFirst()) where next.start - piece.end >= self.pause { return false }
        return self.broken(part) != nil
    }

    /// Few subtitles, none of them much emptier than the others, each ending where a phrase does.
    private static func cost(of part: ArraySlice<Piece>, isLast: Bool) -> Double {
        let room = Double(Subtitle.lineWidth * Subtitle.lineCount)
        let empty = 1 - Double(self.width(part)) / room
        let cut = isLast || part.last?.endsPhrase == true ? 0 : 0.3
        return 1 + empty * empty + cut
    }

    private static func width(_ part: ArraySlice<Piece>) -> Int {
        part.reduce(-(part.first?.space ?? 0)) { $0 + $1.width + $1.space }
    }

    /// The place where the first line ends; nil where two lines are not enough.
    ///
    /// The lines are as equal as they can be, the lower one rather the longer, and a comma ends the upper one gladly.
    private static func broken(_ part: ArraySlice<Piece>) -> Int? {
        let all = self.width(part)
        if all <= Subtitle.lineWidth { return part.endIndex }
        var choice: (cost: Int, place: Int)?
        var upper = -(part.first?.space ?? 0)
        for place in part.indices.dropLast() {
            upper += part[place].width + part[place].space
            guard upper <= Subtitle.lineWidth else { break }
            let lower = all - upper - part[place + 1].space
            guard lower <= Subtitle.lineWidth else { continue }
            let difference = upper > lower ? 2 * (upper - lower) : lower - upper
            let cost = difference - (part[place].endsPhrase ? 10 : 0)
            if cost < choice?.cost ?? .max { choice = (cost, place + 1) }
        }
        return choice?.place
    }

    private static func line(_ part: ArraySlice<Piece>) -> String {
        part.reduce(into: "") { line, piece in
            if !line.isEmpty, piece.space == 1 { line += " " }
            line += piece.text
        }
    }

    // MARK: Times

    /// Puts what would be shown too briefly together with what follows it, where both fit on the screen.
    private static func withoutFlashes(_ groups: [[Piece]]) -> [[Piece]] {
        var joined: [[Piece]] = []
        for group in groups {
            guard let last = joined.last, let first = last.first, let next = group.first,
                first.start + Subtitle.readingTime(self.width(last[...])) > next.start
            else {
                joined.append(group)
                continue
            }
            let both = last + group
            if self.fits(both[...]) {
                joined[joined.count - 1] = both
            } else {
                joined.append(group)
            }
        }
        return joined
    }

    /// Each from its first word on, for as long as it is spoken and as it takes to read; later where the one before it
    /// needs the time.
    private static func timed(_ groups: [[Piece]]) -> [Subtitle] {
        var subtitles: [Subtitle] = []
        let wanted = self.starts(groups)
        var shown = 0.0
        for (index, group) in groups.enumerated() {
            let start = max(wanted[index], shown)
            let reading = start + Subtitle.readingTime(self.width(group[...]))
            var end = max(reading, group.last?.end ?? start)
            if index + 1 < groups.count, end > wanted[index + 1] {
                end = max(wanted[index + 1], min(reading, wanted[index + 1] + Subtitle.latest))
            }
            end = min(end, start + Subtitle.longest)
            shown = end
            let place = self.broken(group[...]) ?? group.endIndex
            let lines = [group[..<place], group[place...]].filter { !$0.isEmpty }.map(self.line)
            subtitles.append(Subtitle(lines: lines, start: start, end: end))
        }
        return subtitles
    }

    /// When each is to begin: with its first word, but never all at once, whatever the times are.
    private static func starts(_ groups: [[Piece]]) -> [Double] {
        var last = -self.least
        return groups.map { group in
            last = max(group.first?.start ?? 0, last + self.least)
            return last
        }
    }

    /// Between the beginnings of two subtitles, in seconds.
    private static let least = 0.25
}
