import Foundation

/// Sound made of bursts of noise, of which every place is known.
struct SoundSketch: Sendable {
    static let rate = 16_000

    private(set) var samples: [Int16] = []
    /// Where there is noise, in samples.
    private(set) var bursts: [Range<Int>] = []
    private var seed: UInt64

    init(seed: UInt64 = 1) { self.seed = seed }

    var seconds: Double { Double(self.samples.count) / Double(Self.rate) }

    /// The next number, the same in every run.
    mutating func random(in range: ClosedRange<Double>) -> Double {
        self.seed = self.seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return range.lowerBound + (range.upperBound - range.lowerBound) * Double(self.seed >> 11) / Double(1 << 53)
    }

    mutating func silence(_ seconds: Double) {
        self.samples.append(contentsOf: repeatElement(0, count: Int(seconds * Double(Self.rate))))
    }

    /// - Parameter loudness: The highest sample, of 32,767.
    mutating func burst(_ seconds: Double, loudness: Double = 8000) {
        let start = self.samples.count
        for _ in 0..<Int(seconds * Double(Self.rate)) {
            self.samples.append(Int16(self.random(in: -loudness...loudness)))
        }
        self.bursts.append(start..<self.samples.count)
    }

    /// Something like speech: bursts as long as words, gaps between them, now and then a breath, and rarely a long
    /// silence.
    static func talk(seconds: Double, seed: UInt64) -> SoundSketch {
        var sketch = SoundSketch(seed: seed)
        while sketch.seconds < seconds {
            sketch.burst(sketch.random(in: 0.2...0.8))
            switch sketch.random(in: 0...1) {
            case ..<0.8: sketch.silence(sketch.random(in: 0.02...0.1))
            case ..<0.97: sketch.silence(sketch.random(in: 0.3...0.9))
            default: sketch.silence(sketch.random(in: 2...20))
            }
        }
        return sketch
    }

    func write(to url: URL) throws {
        var data = Data("RIFF".utf8)
        func add(_ value: some FixedWidthInteger) {
            withUnsafeBytes(of: value.littleEndian) { data.append(contentsOf: $0) }
        }
        let count = self.samples.count * 2
        add(UInt32(36 + count))
        data.append(Data("WAVEfmt ".utf8))
        add(UInt32(16))
        add(UInt16(1))
        add(UInt16(1))
        add(UInt32(Self.rate))
        add(UInt32(Self.rate * 2))
        add(UInt16(2))
        add(UInt16(16))
        data.append(Data("data".utf8))
        add(UInt32(count))
        self.samples.withUnsafeBytes { data.append(contentsOf: $0) }
        try data.write(to: url)
    }
}
