"""What a Japanese host says: the texts of its instances, of VMMS, and of the WinRM service.

The texts that r4sd/go-wsman recorded are the host's own; all others are guesses, and no client may depend on them.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping

RECORDED: Mapping[str, str] = {
    "host-caption": "ホスト コンピューター システム",
    "host-description": "Microsoft ホスト コンピューター システム",
    "vm-caption": "仮想マシン",
    "vm-description": "Microsoft Virtual Machine",
    "ok": "OK",
    "operating-normally": "正常稼働中",
    "switch-caption": "仮想スイッチ",
    "switch-description": "Microsoft 仮想スイッチ",
    "switch-identifying": "仮想スイッチ拡張ミニポート アダプター ID",
    "external-port-caption": "イーサネット ポート",
    "external-port-description": "Microsoft 外部イーサネット ポート",
    "job-running": "ジョブは実行中です",
    "job-completed": "ジョブは完了しました",
    "job-succeeded": "ジョブは正常に完了しました",
}
"""Texts of instances by their key; a machine's Description and a plain OK stay as they are (r4sd/go-wsman)."""

INSTANCES: Mapping[str, str] = {
    **RECORDED,
    "migrating": "仮想マシンを移行中",
    "copying-storage": "記憶域を移動中",
    "preparing": "計画済み仮想マシンを移行中",
    "checking": "互換性を確認中",
    "switching-storage": "記憶域を移動中",
    "creating-checkpoint": "チェックポイントを作成中",
    "applying-checkpoint": "チェックポイントを適用中",
    "deleting-checkpoint": "チェックポイントを削除中",
    "waiting-to-start": "開始を待機中",
    "merging-disks": "ディスクを結合中",
    "exporting": "仮想マシンをエクスポート中",
    "backing-up": "仮想マシンをバックアップ中",
    "modifying": "仮想マシンを変更中",
    "application-critical": "アプリケーションの重大な状態",
    "communication-timed-out": "通信がタイムアウトしました",
    "communication-failed": "通信に失敗しました",
    "critical-io-error": "重大な I/O エラー",
    "degraded": "仮想マシンの構成の記憶域に接続できません",
    "predictive-failure": "ディスクの空き領域が不足しています",
    "stopped": "停止",
    "in-service": "サービス中",
    "dormant": "休止",
    "vm-settings": "仮想マシンの設定",
    "vm-settings-description": "仮想マシンの設定です。",
    "snapshot-settings-description": "仮想マシンのチェックポイントの設定です。",
    "keyboard": "キーボード",
    "mouse": "マウス",
    "display": "ディスプレイ コントローラー",
    "video-head": "ビデオ ヘッド",
    "serial-controller": "シリアル コントローラー",
    "serial-port": "シリアル ポート",
    "diskette-controller": "ディスケット コントローラー",
    "shutdown": "シャットダウン",
    "time-sync": "時刻の同期",
    "kvp": "データ交換",
    "vss": "ボリューム シャドウ コピー",
    "guest-service": "ゲスト サービス インターフェイス",
    "ide": "IDE コントローラー",
    "scsi": "SCSI コントローラー",
    "disk-drive": "ハード ドライブ",
    "physical-drive": "物理ドライブ",
    "dvd-drive": "DVD ドライブ",
    "hard-disk-image": "ハード ディスク イメージ",
    "iso-image": "ISO ディスク イメージ",
    "diskette-drive": "ディスケット ドライブ",
    "floppy-image": "フロッピー ディスク イメージ",
    "memory": "メモリ",
    "processor": "プロセッサ",
    "pci-express": "PCI Express ポート",
    "gpu-partition": "GPU パーティション",
    "fibre-channel": "仮想ファイバー チャネル",
    "security": "セキュリティ設定データ",
    "network-adapter": "ネットワーク アダプター",
    "ethernet-connection": "動的イーサネット スイッチ ポート",
    "heartbeat": "ハートビート",
    "heartbeat-degraded": "仮想マシンのコンポーネントのプロトコル バージョンがホストと一致しません",
    "heartbeat-incompatible": "仮想マシンのコンポーネントのプロトコル バージョンはサポートされていません",
    "no-contact": "接続なし",
    "lost-communication": "通信が途絶えました",
    "paused": "一時停止",
    "migration-service": "Hyper-V 仮想システム移行サービス",
    "management-service": "Hyper-V 仮想システム管理サービス",
    "image-service": "Hyper-V イメージ管理サービス",
    "switch-service": "Hyper-V 仮想スイッチ管理サービス",
    "migration-service-settings": "仮想システム移行サービスの設定データ",
    "migration-settings": "移行の設定データ",
    "migration-settings-description": "仮想システム移行の設定データ",
    "migration-network": "移行ネットワークの設定データ",
    "moving-vm": "仮想マシンの移動",
    "moving-storage": "記憶域の移動",
    "moving-vm-and-storage": "仮想マシンと記憶域の移動",
    "starting-vm": "仮想マシンの起動",
    "turning-off-vm": "仮想マシンの電源オフ",
    "saving-vm": "仮想マシンの保存",
    "restoring-vm": "仮想マシンの復元",
    "shutting-down-vm": "仮想マシンのシャットダウン",
    "pausing-vm": "仮想マシンの一時停止",
    "resuming-vm": "仮想マシンの再開",
    "resetting-vm": "仮想マシンのリセット",
    "modifying-vm": "仮想マシンの変更",
    "job-new": "ジョブは新規です",
    "job-starting": "ジョブを開始しています",
    "job-terminated": "ジョブは終了されました",
    "job-exception": "ジョブは失敗しました",
    "job-warned": "ジョブは警告付きで完了しました",
}

_MESSAGES: Mapping[str, str] = {
    # VMMS (lab/world/texts.py)
    "Storage migration for virtual machine '{vm}' failed. (Virtual machine ID {id})": (
        "仮想マシン '{vm}' の記憶域の移行に失敗しました。(仮想マシン ID {id})"
    ),
    "Virtual machine migration operation for '{vm}' failed at migration source '{host}'. (Virtual machine ID {id})": (
        "'{vm}' の仮想マシンの移行操作が移行元 '{host}' で失敗しました。(仮想マシン ID {id})"
    ),
    "Failed to perform migration on virtual machine '{vm}' because virtual machine migration limit '{limit}' was "
    "reached, please wait for completion of an ongoing migration operation. (Virtual machine ID {id})": (
        "仮想マシンの移行の上限 '{limit}' に達したため、仮想マシン '{vm}' を移行できませんでした。"
        "進行中の移行操作が完了するまでお待ちください。(仮想マシン ID {id})"
    ),
    "Storage migration for '{vm}' was not finished because maximum storage migration limit '{limit}' was reached, "
    "please wait for completion of an ongoing migration operation (Virtual machine ID {id})": (
        "記憶域の移行の上限 '{limit}' に達したため、'{vm}' の記憶域の移行は完了しませんでした。"
        "進行中の移行操作が完了するまでお待ちください (仮想マシン ID {id})"
    ),
    "The Virtual Machine Management Service failed to establish a connection for a Virtual Machine migration with "
    "host '{host}': {cause}": (
        "仮想マシン管理サービスは、ホスト '{host}' との仮想マシンの移行用の接続を確立できませんでした: {cause}"
    ),
    "No credentials are available in the security package (0x8009030E).": (
        "セキュリティ パッケージで利用できる資格情報がありません (0x8009030E)。"
    ),
    "Failed to authenticate the connection at the source host: no suitable credentials available.": (
        "移行元ホストで接続を認証できませんでした: 適切な資格情報がありません。"
    ),
    "Failed to access the files on '{server}': General access denied error (0x80070005).": (
        "'{server}' 上のファイルにアクセスできませんでした: 一般的なアクセス拒否エラー (0x80070005)。"
    ),
    "The target principal name is incorrect (0x80090322).": "対象のプリンシパル名が間違っています (0x80090322)。",
    "No such host is known (0x80072AF9).": "そのようなホストは不明です (0x80072AF9)。",
    "A connection attempt failed because the connected party did not properly respond after a period of time, or "
    "established connection failed because connected host has failed to respond (0x8007274C).": (
        "接続済みの呼び出し先が一定の時間を過ぎても正しく応答しなかったため、接続できませんでした (0x8007274C)。"
    ),
    "The virtual machine '{vm}' is not compatible with physical computer '{host}'. (Virtual machine ID {id})": (
        "仮想マシン '{vm}' は物理コンピューター '{host}' と互換性がありません。(仮想マシン ID {id})"
    ),
    "Could not find Ethernet switch '{switch}'. (33012)": (
        "イーサネット スイッチ '{switch}' が見つかりませんでした。(33012)"
    ),
    "Virtual machine '{vm}' is using processor-specific features not supported on host '{host}'. The hardware on the "
    "destination computer is not compatible with the hardware requirements of this virtual machine.": (
        "仮想マシン '{vm}' は、ホスト '{host}' でサポートされていないプロセッサ固有の機能を使用しています。"
        "移行先コンピューターのハードウェアは、この仮想マシンのハードウェア要件と互換性がありません。"
    ),
    "The version '{version}' of the configuration of '{vm}' is not supported on the destination.": (
        "'{vm}' の構成のバージョン '{version}' は移行先でサポートされていません。"
    ),
    "Could not find virtual Fibre Channel SAN '{san}'.": (
        "仮想ファイバー チャネル SAN '{san}' が見つかりませんでした。"
    ),
    "'{vm}' could not initialize memory: Ran out of memory (0x8007000E). (Virtual machine ID {id})": (
        "'{vm}' はメモリを初期化できませんでした: メモリ不足です (0x8007000E)。(仮想マシン ID {id})"
    ),
    "Failed to copy '{path}': There is not enough space on the disk. (0x80070070)": (
        "'{path}' をコピーできませんでした: ディスクに十分な空き領域がありません。(0x80070070)"
    ),
    "Failed to create '{path}': The file exists. (0x80070050)": (
        "'{path}' を作成できませんでした: ファイルが存在します。(0x80070050)"
    ),
    "Failed to create '{path}': The process cannot access the file because it is being used by another process. "
    "(0x80070020)": (
        "'{path}' を作成できませんでした: 別のプロセスが使用中のため、ファイルにアクセスできません。(0x80070020)"
    ),
    "The device at '{path}' could not be opened: The system cannot find the file specified. (0x80070002)": (
        "'{path}' のデバイスを開けませんでした: 指定されたファイルが見つかりません。(0x80070002)"
    ),
    "Failed to create '{path}': The system cannot find the path specified. (0x80070003)": (
        "'{path}' を作成できませんでした: 指定されたパスが見つかりません。(0x80070003)"
    ),
    "'{vm}' Attachment '{path}' failed to open because of error: A virtual disk support provider for the specified "
    "file was not found. (0xC03A0014)": (
        "'{vm}' 添付ファイル '{path}' を開けませんでした: "
        "指定されたファイルの仮想ディスク サポート プロバイダーが見つかりませんでした。(0xC03A0014)"
    ),
    "Failed to create Planned Virtual Machine at migration destination '{host}': The object already exists. "
    "(0x80071392)": (
        "移行先 '{host}' で計画済み仮想マシンを作成できませんでした: オブジェクトは既に存在します。(0x80071392)"
    ),
    "The planned virtual machine '{planned_id}' could not be found. (0x80070490)": (
        "計画済み仮想マシン '{planned_id}' が見つかりませんでした。(0x80070490)"
    ),
    "The key protector for virtual machine '{vm}' could not be unwrapped. (0x80070057)": (
        "仮想マシン '{vm}' のキー プロテクターをラップ解除できませんでした。(0x80070057)"
    ),
    "Virtual machine migration is not enabled on host '{host}'. (0x80070032)": (
        "ホスト '{host}' で仮想マシンの移行が有効になっていません。(0x80070032)"
    ),
    "The operation is not allowed because the virtual machine '{vm}' is a clustered role; move it with the failover "
    "cluster. (0x80070032)": (
        "仮想マシン '{vm}' はクラスター化された役割であるため、この操作は許可されません。"
        "フェールオーバー クラスターを使用して移動してください。(0x80070032)"
    ),
    "The operation is not allowed because replication is enabled for virtual machine '{vm}'. (0x80070032)": (
        "仮想マシン '{vm}' でレプリケーションが有効であるため、この操作は許可されません。(0x80070032)"
    ),
    "Storage migration is not possible for virtual machine '{vm}': the disks of its checkpoints are not part of the "
    "request. (0x80070032)": (
        "仮想マシン '{vm}' の記憶域を移行できません: チェックポイントのディスクが要求に含まれていません。(0x80070032)"
    ),
    "Storage migration of '{path}' is not possible: its parent '{parent}' is not part of the request. (0x80070032)": (
        "'{path}' の記憶域を移行できません: 親 '{parent}' が要求に含まれていません。(0x80070032)"
    ),
    "Storage migration is not possible for the shared virtual hard disk '{path}'. (0x80070032)": (
        "共有仮想ハード ディスク '{path}' の記憶域を移行できません。(0x80070032)"
    ),
    "Migration is not possible while physical disk '{path}' is attached. (0x80070032)": (
        "物理ディスク '{path}' が接続されているため移行できません。(0x80070032)"
    ),
    "Migration is not possible while the host's DVD drive '{path}' is attached. (0x80070032)": (
        "ホストの DVD ドライブ '{path}' が接続されているため移行できません。(0x80070032)"
    ),
    "The operation is not allowed because virtual machine '{vm}' has an assigned {what}. (0x80070032)": (
        "仮想マシン '{vm}' に割り当てられたデバイスがあるため、この操作は許可されません。(0x80070032)"
    ),
    "Could not remove the folder '{path}' at the source. (0x80070091)": (
        "移行元のフォルダー '{path}' を削除できませんでした。(0x80070091)"
    ),
    "The virtual machine is already on host '{host}'. (0x80070057)": (
        "仮想マシンは既にホスト '{host}' にあります。(0x80070057)"
    ),
    "'{vm}' failed to start. (Virtual machine ID {id})": "'{vm}' を開始できませんでした。(仮想マシン ID {id})",
    "'{vm}' failed to shut down. (Virtual machine ID {id})": (
        "'{vm}' をシャットダウンできませんでした。(仮想マシン ID {id})"
    ),
    "The device is not ready for use. (0x80070015)": "デバイスの準備ができていません。(0x80070015)",
    "The virtual machine '{vm}' was turned off while it was being migrated. (0x80041024)": (
        "仮想マシン '{vm}' は移行中に電源が切られました。(0x80041024)"
    ),
    "The property '{name}' cannot be modified. (0x80070057)": "プロパティ '{name}' は変更できません。(0x80070057)",
    "The Virtual Machine Management Service stopped while the operation was running. (0x800703E3)": (
        "操作の実行中に仮想マシン管理サービスが停止しました。(0x800703E3)"
    ),
    "The operation was canceled. (0x800704C7)": "操作は取り消されました。(0x800704C7)",
    "The Virtual Machine Management Service stopped while the migration was running. (0x800703E3)": (
        "移行の実行中に仮想マシン管理サービスが停止しました。(0x800703E3)"
    ),
    "The operation failed. (0x{code})": "操作に失敗しました。(0x{code})",
    # the WinRM service and WMI (providers/hyperv_placement/wsman/catalogue.py, lab/server)
    "The WS-Management service cannot process the request. The service cannot find the resource identified by the "
    "resource URI and selectors.": (
        "WS-Management サービスは要求を処理できません。リソース URI とセレクターで識別されるリソースが見つかりません。"
    ),
    "The WS-Management service cannot process the request because the request contained invalid selectors for the "
    "resource.": (
        "要求にリソースの無効なセレクターが含まれているため、WS-Management サービスは要求を処理できません。"
    ),
    "The data source could not process the filter. The filter might be missing or it might be invalid. Change the "
    "filter and try the request again.": (
        "データ ソースはフィルターを処理できませんでした。フィルターが無いか、無効である可能性があります。"
        "フィルターを変更して、再試行してください。"
    ),
    "The filter dialect (the type associated with the filter) was not supported for this resource. Change the filter "
    "dialect or remove it from the request and try the request again.": (
        "フィルター言語 (フィルターに関連付けられた種類) は、このリソースではサポートされていません。"
        "フィルター言語を変更するか要求から削除して、再試行してください。"
    ),
    "The WS-Management service cannot process the request. The supplied enumeration context is invalid.": (
        "WS-Management サービスは要求を処理できません。指定された列挙コンテキストは無効です。"
    ),
    "The SOAP XML in the message does not match the corresponding XML schema definition. Change the XML and retry.": (
        "メッセージの SOAP XML が対応する XML スキーマ定義と一致しません。XML を変更して再試行してください。"
    ),
    "The WS-Management service does not understand a mandatory header.": (
        "WS-Management サービスは必須ヘッダーを認識できません。"
    ),
    "A required header was missing: {name}.": "必要なヘッダーがありません: {name}。",
    "The WS-Management service cannot process the request. The request contains one or more invalid SOAP headers.": (
        "WS-Management サービスは要求を処理できません。要求に無効な SOAP ヘッダーが含まれています。"
    ),
    "The request contains a timeout that is invalid.": "要求に無効なタイムアウトが含まれています。",
    "The WS-Management service does not support the specified feature.": (
        "WS-Management サービスは指定された機能をサポートしていません。"
    ),
    "The WS-Management service cannot process the request because the action is not supported by the resource.": (
        "この操作はリソースでサポートされていないため、WS-Management サービスは要求を処理できません。"
    ),
    "The WS-Management service cannot process the request. The CIM namespace {namespace} is invalid.": (
        "WS-Management サービスは要求を処理できません。CIM 名前空間 {namespace} は無効です。"
    ),
    "Invalid namespace": "無効な名前空間です",
    "There are no more endpoints available from the endpoint mapper.": (
        "エンドポイント マッパーから使用できるエンドポイントはこれ以上ありません。"
    ),
    "The WS-Management service cannot process the request. The requested maximum envelope size is too small.": (
        "WS-Management サービスは要求を処理できません。要求された最大エンベロープ サイズが小さすぎます。"
    ),
    "The WS-Management service cannot complete the operation within the time specified in OperationTimeout.": (
        "WS-Management サービスは、OperationTimeout で指定された時間内に操作を完了できません。"
    ),
    "Access is denied.": "アクセスが拒否されました。",
    "The WS-Management service cannot process the request.": "WS-Management サービスは要求を処理できません。",
    "The SOAP version is not supported.": "この SOAP のバージョンはサポートされていません。",
    "The WS-Management service cannot process the request. The resource URI and __cimnamespace selector attempted to "
    "use different namespaces. Try removing the __cimnamespace selector or using a DMTF resource URI. If a non-DMTF "
    "resource URI is used with a __cimnamespace selector, the namespaces must match.": (
        "WS-Management サービスは要求を処理できません。"
        "リソース URI と __cimnamespace セレクターで異なる名前空間が使用されました。"
    ),
    "The WS-Management service cannot process the request. The maximum number of shells has been exceeded.": (
        "WS-Management サービスは要求を処理できません。シェルの最大数を超えました。"
    ),
    "This user is allowed a maximum number of concurrent operations, which has been exceeded. Close existing "
    "operations for this user, or raise the quota for this user.": (
        "このユーザーに許可されている同時操作の最大数を超えました。"
        "このユーザーの既存の操作を終了するか、クォータを増やしてください。"
    ),
    "The specified class does not exist in the given namespace.": "指定されたクラスは名前空間に存在しません。",
    "The WS-Management service cannot process the request because the class name must be '*' for a WQL filter.": (
        "WQL フィルターではクラス名を '*' にする必要があるため、WS-Management サービスは要求を処理できません。"
    ),
    "Access denied": "アクセスが拒否されました",
    "Invalid query": "無効なクエリです",
    "Not found": "見つかりません",
    "Invalid object path": "無効なオブジェクト パスです",
    "Invalid method Parameter(s)": "無効なメソッド パラメーターです",
    "Quota violation": "クォータ違反です",
    "A fault of the lab.": "ラボの障害です。",
}
"""English -> Japanese, by the sentence without the blanks at its end; names in braces stand for themselves."""
_NAME = re.compile(r"\\{(\w+)\\}")


def translated(text: str) -> str:
    """Return what a host would say in Japanese; a text that nobody translated, as an operator's own, stays."""
    body = text.rstrip()
    for pattern, japanese in patterns():
        match = pattern.fullmatch(body)
        if match is not None:
            found = {name: translated(value) for name, value in match.groupdict().items()}
            return japanese.format(**found) + text[len(body) :]
    return text


@functools.cache
def patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    """Return each English sentence as a pattern, and its Japanese."""
    return tuple(
        (re.compile(_NAME.sub(r"(?P<\1>.*?)", re.escape(english)), re.DOTALL), japanese)
        for english, japanese in _MESSAGES.items()
    )
