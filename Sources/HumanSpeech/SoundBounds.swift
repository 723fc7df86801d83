/// Where in a clip something is heard: recordings begin and end with a breath of silence.
enum SoundBounds {
    /// Ten milliseconds.
    static let frame = Composition.sampleRate / 100
    /// Root mean square of a frame above which it counts as sound, of 32,768: about -42 dB.
    private static let threshold = 250.0

    /// The samples from the first to the last sound; everything if it is silent.
    static func find(in samples: [Int16]) -> Range<Int> {
        let frames = 0..<samples.count / Self.frame
        let isSound = { (frame: Int) in self.isSound(samples[(frame * Self.frame)..<((frame + 1) * Self.frame)]) }
        guard let first = frames.first(where: isSound), let last = frames.last(where: isSound) else {
            return 0..<samples.count
        }
        return first * Self.frame..<(last + 1) * Self.frame
    }

    /// Whether a frame's samples can be heard.
    static func isSound(_ samples: ArraySlice<Int16>) -> Bool {
        let sum = samples.reduce(0) { $0 + Double($1) * Double($1) }
        return (sum / Double(Self.frame)).squareRoot() > Self.threshold
    }
}
