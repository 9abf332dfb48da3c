"""The words by which tables of cases are known: names of columns, of times, of states, in Chinese and English (lower case)."""

from typing import Final

FIELDS: Final[dict[str, tuple[str, ...]]] = {
    "order": ("工单编号", "工单号", "案件编号", "案卷编号", "任务号", "任务编号", "事件编号", "受理编号", "诉求编号",
              "问题编号",
              "流水号", "编号", "order", "order_id", "order_no", "case_id", "caseid", "case_number", "case_no", "srnumber",
              "sr_number", "unique_key", "service_request_id", "request_id", "ticket_id", "ticket", "rec_id", "event_id",
              "id"),
    "channel": ("诉求来源", "问题来源", "案件来源", "事件来源", "信息来源", "上报渠道", "渠道", "来源", "channel", "source",
                "request_source", "requestsource", "event_src_name", "open_data_channel_type", "method_received", "origin"),
    "category": ("问题类别", "问题类型", "事件类型", "事件类别", "案件类型", "案件类别", "诉求类型", "事项", "事项名称",
                 "大类",
                 "大类名称", "类别", "类型", "category", "complaint_type", "request_type", "requesttype", "service_name",
                 "event_type_name", "case_type", "type", "subject"),
    "department": ("处置部门", "承办单位", "承办部门", "责任单位", "责任部门", "主办部门", "主办单位", "权属单位",
                   "处置单位", "部门",
                   "department", "agency", "agency_responsible", "owner", "dispose_unit_name", "responsible_agency",
                   "assigned_department"),
    "region": ("所属网格", "网格", "网格名称", "所属社区", "社区", "社区名称", "村居", "所属街道", "街道", "街道名称",
               "所属区域", "区域",
               "region", "grid", "community", "community_name", "neighborhood", "ward", "borough", "district"),
    "lon": ("经度", "gps经度", "坐标x", "lon", "lng", "long", "longitude", "x"),
    "lat": ("纬度", "gps纬度", "坐标y", "lat", "latitude", "y"),
    "address": ("地址", "事发地址", "案发地址", "详细地址", "地点", "事发地点", "发生地点", "位置", "位置描述", "address",
                "incident_address", "location", "occur_place", "street_address"),
    "title": ("标题", "工单标题", "案件标题", "事件标题", "小类", "小类名称", "title", "descriptor", "sub_type_name"),
    "text": ("问题描述", "事件描述", "案件描述", "诉求内容", "描述", "内容", "详情", "text", "description", "details"),
    "reporter": ("上报人", "诉求人", "举报人", "采集员", "上报人员", "监督员", "网格员", "reporter", "reported_by"),
    "handler": ("处置人", "处理人", "经办人", "承办人", "处置人员", "handler", "assigned_to", "assignto", "assignee"),
    "note": ("处理结果", "办理结果", "处置结果", "处置意见", "办理意见", "备注", "note", "notes", "status_notes", "remark",
             "resolution_description", "resolution"),
    "deadline_at": ("截止时间", "办理期限", "处置时限", "处置截止时间", "应结案时间", "要求办结时间", "限办时间",
                    "截止日期", "时限",
                    "deadline", "deadline_at", "due", "due_date", "duedate", "expected_datetime", "sla_date"),
}  # fmt: skip
"""By field of an event (`ingest.mapping.FIELDS`)."""

TIMES: Final[dict[str, tuple[str, ...]]] = {
    "reported": ("上报时间", "创建时间", "诉求时间", "来电时间", "采集时间", "发现时间", "发生时间", "登记时间",
                 "提交时间", "上报日期",
                 "created", "created_at", "created_date", "createddate", "create_time", "creation_date", "opened",
                 "open_date",
                 "open_dt", "requested_datetime", "reported", "reported_at", "report_time", "date_created", "submitted"),
    "accepted": ("受理时间", "受理日期", "accepted", "accepted_at", "acknowledged", "acknowledged_at"),
    "registered": ("立案时间", "立案日期", "registered", "registered_at"),
    "dispatched": ("派遣时间", "派单时间", "派发时间", "交办时间", "下派时间", "dispatched", "dispatched_at", "assigned_at"),
    "handling": ("处置开始时间", "签收时间", "接单时间", "handling_at", "in_progress_at"),
    "feedback": ("处置完成时间", "处置时间", "反馈时间", "处理完成时间", "处置完毕时间", "feedback_at", "resolved_at"),
    "checking": ("核查时间", "核实时间", "核查完成时间", "checked_at"),
    "closed": ("结案时间", "办结时间", "完结时间", "关闭时间", "结束时间", "完成时间", "办结日期", "结案日期", "closed",
               "closed_at",
               "closed_date", "closeddate", "closed_dt", "close_time", "closed_datetime", "date_closed", "completed",
               "completed_at", "completion_date", "resolution_date"),
    "archived": ("归档时间", "存档时间", "archived", "archived_at"),
    "void": ("作废时间", "撤销时间", "cancelled_at", "canceled_at"),
    "updated": ("更新时间", "最后更新时间", "修改时间", "updated", "updated_at", "updated_date", "updateddate",
                "updated_datetime",
                "last_updated", "update_time", "resolution_action_updated_date"),
}  # fmt: skip
"""By status that begins then; `updated` is the last change of any."""

STATES: Final = ("状态", "工单状态", "案件状态", "事件状态", "处理状态", "办理状态", "当前状态", "当前环节", "环节", "阶段",
                 "status", "state", "case_status", "order_status", "current_status", "stage")  # fmt: skip
"""Names of the column of states."""

WORDS: Final[dict[str, tuple[str, ...]]] = {
    "reported": ("待受理", "待处理", "新建", "已上报", "上报", "未处理", "open", "new", "reported", "submitted", "received",
                 "unassigned"),
    "accepted": ("已受理", "受理", "待立案", "accepted", "acknowledged"),
    "registered": ("已立案", "立案", "待派遣", "待派单", "registered"),
    "dispatched": ("已派遣", "已派单", "已派发", "已交办", "待处置", "待签收", "待接单", "dispatched", "assigned"),
    "handling": ("处置中", "处理中", "办理中", "在办", "已签收", "已接单", "进行中", "handling", "in progress", "in-progress",
                 "pending", "started", "under review"),
    "hanging": ("挂起", "已挂起", "挂账", "延期", "延期中", "on hold", "hanging", "deferred", "suspended"),
    "returned": ("退回", "已退回", "回退", "退单", "returned", "sent back"),
    "rework": ("返工", "重新处置", "rework"),
    "reopened": ("重新打开", "重启", "reopened", "reopen"),
    "feedback": ("已处置", "处置完成", "已反馈", "待核查", "resolved"),
    "checking": ("核查中", "待结案", "待审核", "审核中", "checking"),
    "closed": ("已结案", "结案", "已办结", "办结", "已完结", "完结", "已完成", "完成", "已关闭", "关闭", "已解决", "closed",
               "completed", "complete", "done", "fixed", "finished"),
    "self_handled": ("自处置", "自行处置", "自办自结", "自办"),
    "archived": ("已归档", "归档", "已存档", "archived", "archive"),
    "not_accepted": ("不受理", "不予受理", "referred out", "referred", "rejected", "declined"),
    "not_registered": ("不立案", "不予立案"),
    "duplicate": ("重复", "重复件", "重复工单", "duplicate", "closed - duplicate", "duplicate (closed)"),
    "void": ("作废", "已作废", "撤销", "已撤销", "取消", "已取消", "废弃", "cancelled", "canceled", "void", "voided",
             "invalid"),
}  # fmt: skip
"""What tables say for each status."""

SAYS_NOTHING: Final = ("-", "--", "—", "/", "\\", "无", "n/a", "na", "null", "none", "nan", "unspecified", "#n/a", "空")
