/// Leaves out of captions what a screen shows twice.
///
/// Captions that roll show each line again above the next one; those that grow show a sentence again with every word.
/// People repeat themselves too, so one repetition proves nothing: only files that do it all the time are treated so,
/// or cues that stand on the screen at once.
enum RollingCaptions {
    static func once(_ cues: [SpokenText.Cue]) -> [SpokenText.Cue] {
        let words = cues.map { $0.text.split(separator: " ") }
        let overlaps = zip(words, words.dropFirst()).map { self.overlap($0, $1) }
        let rolling = overlaps.count { $0 >= 2 }
        let isRolling = rolling >= 2 && rolling * 4 >= overlaps.count
        var result: [SpokenText.Cue] = []
        for (index, cue) in cues.enumerated() {
            let overlap = index == 0 ? 0 : overlaps[index - 1]
            let isShownAtOnce =
                index > 0 && overlap >= 2 && cue.speaker == cues[index - 1].speaker
                && (cue.start ?? 0) < (cues[index - 1].end ?? 0) - 0.05
            guard isRolling || isShownAtOnce, overlap > 0 else {
                result.append(cue)
                continue
            }
            let rest = words[index].dropFirst(overlap)
            if rest.isEmpty {
                // What was there stays on the screen.
                if let last = result.indices.last, let end = cue.end, result[last].speaker == cue.speaker {
                    result[last].end = max(result[last].end ?? end, end)
                }
                continue
            }
            var shorter = cue
            shorter.text = rest.joined(separator: " ")
            result.append(shorter)
        }
        return result
    }

    /// How many of the first words of `next` are the last ones of `previous`.
    private static func overlap(_ previous: [Substring], _ next: [Substring]) -> Int {
        // Captions are short; a cue of a whole paragraph does not roll.
        let most = min(previous.count, next.count, 60)
        guard most > 0 else { return 0 }
        return (1...most).reversed().first { previous.suffix($0) == next.prefix($0) } ?? 0
    }
}
