/// How far what was recognised is from what was said, counted in words.
package struct WordErrorRate: Sendable, Equatable {
    /// One place at which the two texts differ.
    package enum Change: Sendable, Equatable {
        case substitution(said: String, heard: String)
        case deletion(said: String)
        case insertion(heard: String)
    }

    /// The number of words that were said.
    package var words: Int
    /// The differences in the order of the text; as few as possible.
    package var changes: [Change]

    package var substitutions: Int { self.changes.count { if case .substitution = $0 { true } else { false } } }
    package var deletions: Int { self.changes.count { if case .deletion = $0 { true } else { false } } }
    package var insertions: Int { self.changes.count { if case .insertion = $0 { true } else { false } } }

    /// Errors for each word that was said; above 1 when more was heard than said.
    ///
    /// Of nothing said, every word heard is an error: the rate is then infinite.
    package var rate: Double {
        if self.words == 0 { return self.changes.isEmpty ? 0 : .infinity }
        return Double(self.changes.count) / Double(self.words)
    }

    package init(words: Int, changes: [Change]) {
        self.words = words
        self.changes = changes
    }

    /// Compares two texts after normalising both.
    package static func measure(reference: String, hypothesis: String) -> WordErrorRate {
        self.measure(
            reference: EnglishNormaliser.words(of: reference), hypothesis: EnglishNormaliser.words(of: hypothesis))
    }

    /// Compares two lists of words as they are.
    ///
    /// Time and memory grow with the product of both lengths: an hour of speech against itself takes 80 MB.
    package static func measure(reference: [String], hypothesis: [String]) -> WordErrorRate {
        let steps = Alignment(from: reference, to: hypothesis).steps
        return WordErrorRate(words: reference.count, changes: steps)
    }

    /// One rate for several texts, as if they had been one.
    package static func total(_ parts: [WordErrorRate]) -> WordErrorRate {
        WordErrorRate(words: parts.reduce(0) { $0 + $1.words }, changes: parts.flatMap(\.changes))
    }
}

/// The cheapest way from one list of words to another (Levenshtein).
private struct Alignment {
    private enum Step: UInt8 { case keep, substitute, delete, insert }

    let steps: [WordErrorRate.Change]

    init(from said: [String], to heard: [String]) {
        let table = Self.table(Self.numbered(said, heard))
        let width = heard.count + 1
        var steps: [WordErrorRate.Change] = []
        var (row, column) = (said.count, heard.count)
        while row > 0 || column > 0 {
            switch Step(rawValue: table[row * width + column]) {
            case .keep:
                (row, column) = (row - 1, column - 1)
            case .delete:
                row -= 1
                steps.append(.deletion(said: said[row]))
            case .insert:
                column -= 1
                steps.append(.insertion(heard: heard[column]))
            case .substitute, nil:
                (row, column) = (row - 1, column - 1)
                steps.append(.substitution(said: said[row], heard: heard[column]))
            }
        }
        self.steps = steps.reversed()
    }

    /// Words as numbers: comparing strings millions of times is slow.
    private static func numbered(_ said: [String], _ heard: [String]) -> (said: [Int], heard: [Int]) {
        var numbers: [String: Int] = [:]
        let number = { (word: String) -> Int in
            let known = numbers[word] ?? numbers.count
            numbers[word] = known
            return known
        }
        return (said.map(number), heard.map(number))
    }

    /// The last step on the cheapest way to each pair of lengths, row by row.
    private static func table(_ words: (said: [Int], heard: [Int])) -> [UInt8] {
        let width = words.heard.count + 1
        var table = [UInt8](repeating: Step.insert.rawValue, count: (words.said.count + 1) * width)
        table[0] = Step.keep.rawValue
        var above = Array(0..<width)
        var costs = above
        for row in 1..<(words.said.count + 1) {
            costs[0] = row
            table[row * width] = Step.delete.rawValue
            for column in 1..<width {
                let isSame = words.said[row - 1] == words.heard[column - 1]
                var (cost, step) = (above[column - 1] + (isSame ? 0 : 1), isSame ? Step.keep : Step.substitute)
                if above[column] + 1 < cost { (cost, step) = (above[column] + 1, .delete) }
                if costs[column - 1] + 1 < cost { (cost, step) = (costs[column - 1] + 1, .insert) }
                costs[column] = cost
                table[row * width + column] = step.rawValue
            }
            swap(&above, &costs)
        }
        return table
    }
}
