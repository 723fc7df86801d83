/// A variable with one of our prefixes that nothing reads: most likely a slip of the pen.
package struct UnknownVariable: Sendable, Equatable {
    package var name: String
    /// A name that is read and looks much like it.
    package var nearest: String?

    /// What to tell the person who set it.
    package var sentence: String {
        guard let nearest = self.nearest else { return "Nothing reads the variable \(self.name)." }
        return "Nothing reads the variable \(self.name); did you mean \(nearest)?"
    }

    /// Those among some names, sorted.
    package static func find(in names: some Sequence<String>) -> [UnknownVariable] {
        names.filter(Self.isUnknown).sorted().map { UnknownVariable(name: $0, nearest: Self.nearest(to: $0)) }
    }

    private static func isUnknown(_ name: String) -> Bool {
        KnownVariables.prefixes.contains { name.hasPrefix($0) } && !KnownVariables.names.contains(name)
            && !KnownVariables.foreignNames.contains(name)
            && !KnownVariables.foreignPrefixes.contains { name.hasPrefix($0) }
    }

    private static func nearest(to name: String) -> String? {
        let ranked = KnownVariables.all.map { ($0.name, Self.distance(name, $0.name)) }
        guard let best = ranked.min(by: { ($0.1, $0.0) < ($1.1, $1.0) }), best.1 <= max(2, name.count / 4) else {
            return nil
        }
        return best.0
    }

    /// How many letters have to be put in, taken out or replaced to get from one text to the other (Levenshtein).
    static func distance(_ left: String, _ right: String) -> Int {
        // An environment may hold anything; no name of ours is nearly that long.
        let (left, right) = (Array(left.utf8.prefix(100)), Array(right.utf8.prefix(100)))
        var row = Array(0...right.count)
        for (index, letter) in left.enumerated() {
            var diagonal = row[0]
            row[0] = index + 1
            for (column, other) in right.enumerated() {
                let above = row[column + 1]
                row[column + 1] = min(above + 1, row[column] + 1, diagonal + (letter == other ? 0 : 1))
                diagonal = above
            }
        }
        return row[right.count]
    }
}
