import CastCore
import Foundation
import Logging

extension PodWorld {
    /// What became of a create.
    enum Purchase: Sendable {
        case pod(PodRecord)
        /// The pod exists, but the buyer is told otherwise.
        case spoilt(any Error)
    }

    /// Buys a pod and lets it live.
    func create(_ body: CreateBody, account: String) throws -> Purchase {
        try self.faults.spoil(.create, gpu: body.gpu, cloud: body.cloud, dataCentre: body.dataCentres.first)
        guard !self.isClosed else { throw Problem(status: 503, detail: "The emulator ends.") }
        guard let asked = self.options.catalogue.gpu(body.gpu) else {
            throw Problem.invalid(["gpu.id \"\(body.gpu)\" is not a GPU type"])
        }
        guard let listPrice = asked.price(body.cloud), body.count == 1 else { throw Problem.capacity }
        // RunPod wants an hour's credit.
        guard self.balance(account) >= listPrice else { throw Problem.outOfMoney }
        let place = try self.place(for: body, asked)
        let pod = self.record(body, account, asked, place, listPrice)
        self.pods[pod.id] = pod
        self.order.append(pod.id)
        self.logger.info(
            "pod was bought", metadata: ["pod": "\(pod.id)", "name": "\(body.name)", "price": "\(pod.price)"])
        self.runners[pod.id] = Task { await self.live(pod.id) }
        func take(_ kind: Fault.Kind) -> Bool {
            self.faults.take(kind, .create, gpu: body.gpu, cloud: body.cloud, dataCentre: place) != nil
        }
        if take(.dropConnectionAfterCreate) { return .spoilt(Spoilt.dropped) }
        if take(.serverErrorAfter) {
            return .spoilt(
                Problem(status: 500, detail: "Something went wrong. Please try again later or contact support."))
        }
        return .pod(pod)
    }

    /// A data centre that has such a GPU free.
    private func place(for body: CreateBody, _ gpu: Catalogue.GPU) throws(Problem) -> String {
        if let minimum = body.minimumCUDA, gpu.cudaVersion < minimum { throw .capacity }
        if !body.allowedCUDA.isEmpty, !body.allowedCUDA.contains(gpu.cudaVersion) { throw .capacity }
        for place in gpu.dataCentres where body.dataCentres.isEmpty || body.dataCentres.contains(place) {
            let isFull = self.faults.take(.noCapacity, .create, gpu: gpu.id, cloud: body.cloud, dataCentre: place)
            guard let isFull else { return place }
            // One that names no place holds for all of them.
            if isFull.dataCentre == nil { throw .capacity }
        }
        throw .capacity
    }

    private func record(
        _ body: CreateBody, _ account: String, _ asked: Catalogue.GPU, _ place: String, _ listPrice: Money
    ) -> PodRecord {
        func take(_ kind: Fault.Kind) -> Fault? {
            self.faults.take(kind, .create, gpu: asked.id, cloud: body.cloud, dataCentre: place)
        }
        let now = self.time.elapsed
        let id = Self.random(14)
        var gpu = asked
        if let fault = take(.wrongGPU) {
            let others = self.options.catalogue.gpus.filter { $0.id != asked.id }
            gpu = others.first { $0.id == fault.givenGPU } ?? others.first ?? asked
        }
        let driver = take(.oldDriver).map { $0.cudaVersion ?? CUDAVersion(major: 12, minor: 4) }
        let slow = take(.slowPull).map { Duration.seconds($0.seconds) } ?? .zero
        let directory = self.options.home.appendingPathComponent("pods/\(id)", isDirectory: true)
        let logs = self.options.home.appendingPathComponent("logs", isDirectory: true)
        for folder in [directory, logs] {
            try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        }
        if let files = self.options.image.files {
            for name in (try? FileManager.default.contentsOfDirectory(atPath: files.path)) ?? [] {
                try? FileManager.default.copyItem(
                    at: files.appendingPathComponent(name), to: directory.appendingPathComponent(name))
            }
        }
        return PodRecord(
            id: id, account: account, body: body, gpu: gpu, dataCentre: place, hostCUDA: driver ?? asked.cudaVersion,
            key: "rpa_POD\(Self.random(24))", createdAt: now, directory: directory,
            log: PodLog(time: self.time, file: logs.appendingPathComponent("\(id).log")),
            meter: Meter(price: take(.priceChange)?.pricePerHour ?? listPrice, from: now),
            fate: take(.podDies) ?? take(.podSilent) ?? take(.podVanishes), isPullLooping: take(.pullLoop) != nil,
            pullTime: self.options.pullTime + slow)
    }

    static func random(_ count: Int) -> String {
        let signs = Array("abcdefghijklmnopqrstuvwxyz0123456789")
        return String((0..<count).map { _ in signs[Int.random(in: signs.indices)] })
    }
}
