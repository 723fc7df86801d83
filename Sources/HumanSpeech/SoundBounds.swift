import Foundation

/// Where in a clip something is heard: recordings begin and end with a breath of silence.
enum SoundBounds {
    /// Ten milliseconds.
    static let frame = Composition.sampleRate / 100
    /// Root mean square of a frame above which it counts as sound, of 32,768: about -42 dB.
    private static let threshold = 250.0

    /// The samples from the first to the last sound, of 16-bit little-endian mono; everything if it is silent.
    static func find(in samples: Data) -> Range<Int> {
        samples.withUnsafeBytes { bytes in
            let count = bytes.count / 2
            let frames = count / Self.frame
            guard let first = (0..<frames).first(where: { self.isSound(bytes, frame: $0) }),
                let last = (0..<frames).last(where: { self.isSound(bytes, frame: $0) })
            else { return 0..<count }
            return first * Self.frame..<(last + 1) * Self.frame
        }
    }

    private static func isSound(_ bytes: UnsafeRawBufferPointer, frame: Int) -> Bool {
        self.isSound(
            (frame * Self.frame..<(frame + 1) * Self.frame).map {
                Int16(littleEndian: bytes.loadUnaligned(fromByteOffset: $0 * 2, as: Int16.self))
            }[...])
    }

    /// Whether a frame's samples can be heard.
    static func isSound(_ samples: ArraySlice<Int16>) -> Bool {
        let sum = samples.reduce(0) { $0 + Double($1) * Double($1) }
        return (sum / Double(Self.frame)).squareRoot() > Self.threshold
    }
}
