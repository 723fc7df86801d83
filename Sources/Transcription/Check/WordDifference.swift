/// How many words of what was said were heard differently; for a rough check, not for a benchmark.
package enum WordDifference {
    /// Errors for each word that was said: words that are missing, wrong, or too many.
    ///
    /// Case and punctuation do not count. Of nothing said, anything heard is infinitely wrong.
    package static func rate(said: String, heard: String) -> Double {
        let (said, heard) = (Self.words(of: said), Self.words(of: heard))
        if said.isEmpty { return heard.isEmpty ? 0 : .infinity }
        // Levenshtein's table, row by row.
        var row = Array(0...heard.count)
        for (index, word) in said.enumerated() {
            var next = [index + 1]
            for (column, other) in heard.enumerated() {
                next.append(min(row[column] + (word == other ? 0 : 1), row[column + 1] + 1, next[column] + 1))
            }
            row = next
        }
        return Double(row[heard.count]) / Double(said.count)
    }

    package static func words(of text: String) -> [String] {
        text.lowercased().replacing("’", with: "'")
            .split { !$0.isLetter && !$0.isNumber && $0 != "'" }
            .map { $0.filter { $0 != "'" } }.filter { !$0.isEmpty }
    }
}
