/// Where a voice pauses, in a recording that has nothing behind it.
///
/// A pause is longer than anything that is silent within a word: what closes the lips for a “p” takes a tenth of a second.
package struct VoicePauses: Sendable {
    /// Ranges of seconds, in order.
    package let ranges: [Range<Double>]

    /// - Parameters:
    ///   - samples: 16 kHz, mono.
    ///   - shortest: Seconds of silence that make a pause.
    package init(in samples: [Int16], shortest: Double = 0.2) {
        let frames = samples.count / SoundBounds.frame
        let needed = Int((shortest * 100).rounded())
        var ranges: [Range<Double>] = []
        var begin = 0
        for frame in 0...frames {
            let start = frame * SoundBounds.frame
            guard frame == frames || SoundBounds.isSound(samples[start..<(start + SoundBounds.frame)]) else { continue }
            if frame - begin >= needed { ranges.append(Double(begin) / 100..<Double(frame) / 100) }
            begin = frame + 1
        }
        self.ranges = ranges
    }

    /// Those of the places, in ascending order, that are in no pause.
    package func missed(by places: [Double]) -> [Double] {
        var rest = self.ranges[...]
        return places.filter { place in
            rest = rest.drop { $0.upperBound <= place }
            return rest.first.map { !$0.contains(place) } ?? true
        }
    }
}
